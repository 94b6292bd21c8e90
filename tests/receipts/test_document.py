"""What a receipt looks like, whatever an order is made of."""

from datetime import UTC, datetime

import pytest
import time_machine

from mestore.catalog.models import IvaClass
from mestore.core.money import Money
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.receipts.document import NOTICE, ORDER_WORDS, PACKAGE_WORDS, build
from mestore.receipts.receipt import Seller
from mestore.vendors.models import DocumentType
from tests.receipts.examples import line, many_lines, part, receipt
from tests.receipts.reading import ReadLine, ReadReceipt


def test_it_says_who_bought_what_of_whom() -> None:
    other = Seller("Rosa Mendoza", DocumentType.CC, "1020304050", "Pasto")
    two = receipt(
        part(line(), status=PackageStatus.SHIPPED), part(line(sku="SILLA"), seller=other), status=OrderStatus.PROCESSING
    )
    read = ReadReceipt(build(two))
    for said in (
        "MeStore",
        "Comprobante de compra · Pedido ORD-20261124-7KQ2M9XD",
        "Fecha del pedido: 24 de noviembre de 2026, 10:04 p. m. (hora de Colombia)",
        "Fecha del pago: 24 de noviembre de 2026, 10:09 p. m. (hora de Colombia)",
        "Estado del pedido: En preparación",
        "Comprador: Ana Ruiz",
        "Entrega a: Luis Ruiz, Cra 7 # 71-21 Apto 301, Bogotá, Bogotá D.C.",
        "Paquete 1 de 2 · Café de la Sierra S.A.S.",
        "Vendedor: Café de la Sierra S.A.S., NIT 900123456-8",
        "Ciudad del vendedor: Santa Marta · Estado del paquete: Enviado",
        "Paquete 2 de 2 · Rosa Mendoza",
        "Vendedor: Rosa Mendoza, cédula de ciudadanía 1020304050",
        "Ciudad del vendedor: Pasto · Estado del paquete: Por preparar",
        "Este documento no es una factura electrónica ni la reemplaza.",
    ):
        assert said in read.text
    assert read.title == "Comprobante de compra ORD-20261124-7KQ2M9XD"


def test_the_columns_and_sums_of_a_discounted_line() -> None:
    sold = line(100_000, quantity=3, discount=Money(30_000), iva_class=IvaClass.GENERAL)
    read = ReadReceipt(build(receipt(part(sold))))
    assert read.lines == [ReadLine(3, 100_000, 30_000, "19 %", 51_300, 321_300)]
    assert read.iva() == {"19 %": (270_000, 51_300)}
    assert read.amounts("Subtotal sin IVA") == [300_000, 300_000]
    assert "Descuento -$ 30.000" in read.text
    assert read.amounts("Envío") == [15_000, 15_000]
    assert (read.amounts("Total del paquete"), read.amounts("Total pagado")) == ([336_300], [336_300])


def test_iva_is_summed_by_class_and_rate() -> None:
    goods = [line(10_000, iva_class=iva_class) for iva_class in reversed(IvaClass)]
    before = line(10_000, iva_class=IvaClass.GENERAL, iva_rate=IvaClass.REDUCED.rate * 3)
    read = ReadReceipt(build(receipt(part(*goods), part(*goods, before))))
    assert list(read.iva().items()) == [
        ("15 %", (10_000, 1_500)),
        ("19 %", (20_000, 3_800)),
        ("5 %", (20_000, 1_000)),
        ("Exento (0 %)", (20_000, 0)),
        ("Excluido", (20_000, 0)),
    ]


def test_every_state_has_a_word() -> None:
    assert set(ORDER_WORDS) == set(OrderStatus)
    assert set(PACKAGE_WORDS) == set(PackageStatus)


def test_the_largest_amounts_stand_on_one_line() -> None:
    sold = line(100_000_000, quantity=999, iva_class=IvaClass.GENERAL)
    read = ReadReceipt(build(receipt(part(sold))))
    assert read.lines == [ReadLine(999, 100_000_000, 0, "19 %", 18_981_000_000, 118_881_000_000)]


def test_the_same_receipt_is_the_same_bytes_at_any_time() -> None:
    wanted = receipt(part(*many_lines(3)))
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC), tick=False):
        first = build(wanted)
    with time_machine.travel(datetime(2031, 7, 9, 12, tzinfo=UTC), tick=False):
        assert build(wanted) == first
    assert ReadReceipt(first).created_at == wanted.placed_at


def test_a_hundred_lines_break_into_pages_that_each_say_what_they_are() -> None:
    goods = many_lines(100)
    read = ReadReceipt(build(receipt(part(*goods))))
    assert [each.sku for each in goods if each.sku not in read.text] == []
    assert len(read.lines) == 100
    assert len(read.pages) > 2
    for number, page in enumerate(read.pages, 1):
        assert f"{NOTICE} · Página {number} de {len(read.pages)}" in page
        assert "Pedido ORD-20261124-7KQ2M9XD" in page
        assert ("Producto SKU Cant." in page) is ("SKU-" in page), "the head of a table is repeated, and never alone"


@pytest.mark.parametrize("lines", range(24, 34))
def test_no_heading_stands_alone_at_the_foot(lines: int) -> None:
    read = ReadReceipt(build(receipt(part(*many_lines(lines)), part(*many_lines(2)))))
    for head, first in (("Paquete 2 de 2", "SKU-000"), ("Total del pedido", "Total pagado")):
        (page,) = [page for page in read.pages if head in page]
        assert first in page.partition(head)[2]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<b>Café</b> &amp; **negrita** __x__ [a](b)", "<b>Café</b> &amp; **negrita** __x__ [a](b)"),
        ("Ñandú – ελληνικά — Дом ☕ 😀", "Ñandú – ελληνικά — Дом ☕ 😀"),
        ("uno\ndos\r\ttres\x00\x1bcuatro", "uno dos  tres  cuatro"),
        ("abc\u202edef\u2066ghi\u200d\u200b\ufe0f", "abcdefghi"),
        ("e\u0301xito", "éxito"),
        ("茶 🧉", "□ □"),
        ("{nb} \ufdd0 \ue000", "{nb} □ □"),
        ("x" * 200, "x" * 200),
        ("\u200b", ""),
    ],
)
def test_whatever_people_write_is_shown_as_text(given: str, shown: str) -> None:
    written = receipt(
        part(line(name=given, sku="MARCA"), seller=Seller(given, DocumentType.CE, "123456", given)), buyer_name=given
    )
    read = ReadReceipt(build(written))
    assert read.says(f"Comprador: {shown} Entrega a:")
    assert read.says(f"Vendedor: {shown}, cédula de extranjería 123456")
    assert read.says(f"Total {shown} MARCA 1 $ 32.000")
    assert read.amounts("Total pagado") == [48_600]


def test_right_to_left_writing_keeps_its_letters() -> None:
    read = ReadReceipt(build(receipt(part(line(name="שלום مرحبا")))))
    shown = read.text.partition("IVA IVA Total")[2].partition("CAFE-500")[0]
    assert sorted("".join(shown.split())) == sorted("שלוםمرحبا")
