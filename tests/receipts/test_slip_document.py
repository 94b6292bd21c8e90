"""What a slip looks like, whatever a gateway said, and that its bars say what its text says."""

import base64
import hashlib
import re
from datetime import UTC, date, datetime

import pytest
import time_machine

from mestore.core.money import Money
from mestore.payments.barcode import SEPARATOR, SlipBarcode
from mestore.receipts.slip_document import build_slip
from mestore.receipts.slip_page import POLICY, page
from tests.payments import scanner
from tests.receipts.slips import BARCODE, ReadPage, ReadSlip, slip

SAID = (
    "MeStore",
    "Recibo de pago en Efecty · Pedido ORD-20261124-7KQ2M9XD",
    "Código 0000202600123",
    "Valor a pagar $ 150.000",
    "Págalo a más tardar el 30 de noviembre de 2026, 11:59 p. m. (hora de Colombia).",
    "(415)7709998001237(8020)0000202600123(3900)150000(96)20261130",
    "Después del 30 de noviembre de 2026, 11:59 p. m. (hora de Colombia) este código ya no se puede pagar.",
    "Este recibo no es un comprobante de pago ni una factura electrónica.",
)
BARCODES = [
    BARCODE,
    SlipBarcode("7709998001237", "7", Money(20_000), date(2026, 12, 1)),
    SlipBarcode("7709998001237", "326000095601", Money(6_000_000), date(2027, 1, 9)),
    SlipBarcode("7709998001237", "1" * 25, Money(10**15 - 1), date(2026, 12, 31)),
]


def content_of(barcode: SlipBarcode) -> str:
    return "<FNC1>" + barcode.content.replace(SEPARATOR, "<FNC1>")


def test_both_say_what_is_needed_at_the_counter() -> None:
    read, shown = ReadSlip(build_slip(slip())), ReadPage(page(slip()))
    for said in SAID:
        assert read.says(said), said
        assert said in shown.text, said
    assert read.says("1. Acércate a un punto Efecty. 2. Di tu código. 3. Paga.")
    assert "Acércate a un punto Efecty. Di tu código. Paga." in shown.text
    assert shown.tags.count("li") == 3
    assert read.title == "Recibo de pago en Efecty ORD-20261124-7KQ2M9XD"


@pytest.mark.parametrize("barcode", BARCODES, ids=lambda barcode: barcode.code)
def test_the_bars_say_what_the_text_beneath_them_says(barcode: SlipBarcode) -> None:
    read, shown = ReadSlip(build_slip(slip(barcode=barcode))), ReadPage(page(slip(barcode=barcode)))
    assert read.modules == scanner.modules(shown.bars) == barcode.modules
    assert scanner.read(read.modules) == content_of(barcode)
    assert read.says(barcode.text)
    assert barcode.text in shown.text


@pytest.mark.parametrize("barcode", BARCODES, ids=lambda barcode: barcode.code)
def test_ten_modules_on_each_side_of_the_bars_stay_empty(barcode: SlipBarcode) -> None:
    read, shown = ReadSlip(build_slip(slip(barcode=barcode))), ReadPage(page(slip(barcode=barcode)))
    (first, _), (last, width) = read.bars[0], read.bars[-1]
    assert min(first, read.width - last - width) >= 10
    (first, _), (last, width) = shown.bars[0], shown.bars[-1]
    left, _, whole, _ = shown.view_box
    assert (first - left, whole - last - width) == (10, 10)


def test_a_slip_without_a_barcode_says_all_the_rest() -> None:
    bare = slip(barcode=None, code="AB-77 123")
    read, shown = ReadSlip(build_slip(bare)), ReadPage(page(bare))
    assert read.bars == []
    assert {"svg", "figure"}.isdisjoint(shown.tags)
    for text in (read.text, shown.text):
        assert "AB-77 123" in text
        assert "(415)" not in text
        assert "11:59 p. m. (hora de Colombia)" in text


def test_the_same_slip_is_the_same_bytes_at_any_time() -> None:
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC), tick=False):
        first, shown = build_slip(slip()), page(slip())
    with time_machine.travel(datetime(2031, 7, 9, 12, tzinfo=UTC), tick=False):
        assert (build_slip(slip()), page(slip())) == (first, shown)
    assert ReadSlip(first).created_at == slip().begun_at
    assert build_slip(slip(code="0000202600124")) != first


def test_the_page_has_no_script_and_fetches_nothing_and_its_policy_lets_its_style_in() -> None:
    content = page(slip())
    shown = ReadPage(content)
    digest = base64.b64encode(hashlib.sha256(shown.style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in POLICY
    assert POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in POLICY
    names = {name for name, _ in shown.attributes}
    assert {"script", "link", "img", "iframe", "form", "a"}.isdisjoint(shown.tags)
    assert {"style", "src", "href", "action", "xlink:href"}.isdisjoint(names)
    assert not [name for name in names if name.startswith("on")]
    assert re.findall(rb"https?://[^\"]+", content) == [b"http://www.w3.org/2000/svg"], "the name of SVG, no address"
    assert "url(" not in shown.style


@pytest.mark.parametrize(
    "given", ["<script>alert(1)</script>", "\"><img src=x onerror='a'>", "&lt;b&gt; {{ 7 * 7 }}", "</style>{nb}"]
)
def test_whatever_a_gateway_says_is_shown_as_text(given: str) -> None:
    said = slip(code=given, order_number=given, steps=[given], barcode=None)
    read, shown = ReadSlip(build_slip(said)), ReadPage(page(said))
    assert shown.text.count(given) == 4
    assert {"script", "img", "b"}.isdisjoint(shown.tags)
    assert read.says(f"Código {given} Valor a pagar $ 150.000")
    assert read.says(f"1. {given}")
