"""A receipt as a PDF: the same receipt always gives the same bytes."""

from collections.abc import Sequence
from decimal import Decimal

from fpdf import FontFace
from fpdf.enums import TableBordersLayout

from mestore.catalog.models import IvaClass
from mestore.core.wording import on_paper
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.receipts.paper import FAMILY, MARGIN, Paper, amount
from mestore.receipts.receipt import Amounts, Line, Part, Receipt, iva_sums
from mestore.vendors.models import DocumentType

NOTICE = "Este documento no es una factura electrónica ni la reemplaza."

ORDER_WORDS = {
    OrderStatus.PENDING: "Pendiente de pago",
    OrderStatus.CONFIRMED: "Pagado",
    OrderStatus.PROCESSING: "En preparación",
    OrderStatus.SHIPPED: "Enviado",
    OrderStatus.DELIVERED: "Entregado",
    OrderStatus.CANCELLED: "Cancelado",
    OrderStatus.REFUNDED: "Reembolsado",
}
PACKAGE_WORDS = {
    PackageStatus.PENDING: "Por preparar",
    PackageStatus.PREPARING: "En preparación",
    PackageStatus.READY_TO_SHIP: "Listo para enviar",
    PackageStatus.SHIPPED: "Enviado",
    PackageStatus.DELIVERED: "Entregado",
    PackageStatus.CANCELLED: "Cancelado",
    PackageStatus.RETURNED: "Devuelto",
}
_DOCUMENT_WORDS = {
    DocumentType.NIT: "NIT",
    DocumentType.CC: "cédula de ciudadanía",
    DocumentType.CE: "cédula de extranjería",
}
_UNTAXED_WORDS = {IvaClass.EXEMPT: "Exento", IvaClass.EXCLUDED: "Excluido"}

# In millimetres: together as wide as a sheet of letter size between its margins.
_COLUMNS = (
    ("Producto", "LEFT", 44.0),
    ("SKU", "LEFT", 27.0),
    ("Cant.", "RIGHT", 10.0),
    ("Precio unitario sin IVA", "RIGHT", 22.0),
    ("Descuento", "RIGHT", 23.0),
    ("Tarifa IVA", "RIGHT", 14.0),
    ("IVA", "RIGHT", 24.0),
    ("Total", "RIGHT", 27.5),
)
_AMOUNT_ALIGNS, _AMOUNT_WIDTHS = ("LEFT", "RIGHT"), (45.0, 35.0)
_HEIGHTS = {"part": 45.0, "amounts": 38.0, "sums": 80.0}
"""What needs so much room on one page begins on the next where there is less: no heading stands alone at the foot."""

_LINE_GREY = 190
_NO_BREAK = "\u00a0"

_Rows = Sequence[Sequence[str]]


def build(receipt: Receipt) -> bytes:
    """The receipt on as many pages of letter size as it needs, in Spanish."""
    paper = _Paper(receipt)
    paper.add_page()
    _write_facts(paper, receipt)
    for number, part in enumerate(receipt.parts, 1):
        _write_part(paper, part, f"Paquete {number} de {len(receipt.parts)}")
    _write_sums(paper, receipt)
    return bytes(paper.output())


class _Paper(Paper):
    """Pages with tables."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("Comprobante de compra", receipt.order_number, receipt.placed_at, NOTICE)

    def make_room(self, what: str) -> None:
        if self.will_page_break(_HEIGHTS[what]):
            self.add_page()

    def write_title(self, text: str) -> None:
        self.ln(3)
        self.write_line(text, size=10.5, bold=True)

    def write_table(
        self, head: Sequence[str], rows: _Rows, aligns: Sequence[str], widths: Sequence[float], *, size: float = 7.5
    ) -> None:
        """Rows under a head that is repeated on each page, at the right margin."""
        self.ln(2)
        self.set_font(FAMILY, "", size)
        self.set_draw_color(_LINE_GREY)
        with self.table(
            align="RIGHT",
            width=sum(widths),
            col_widths=widths,
            text_align=tuple(aligns),
            line_height=size * 0.5,
            padding=0.7,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD"),
        ) as table:
            for row in (head, *rows):
                table.row([self.printable(cell) for cell in row])

    def write_total(self, word: str, total: str) -> None:
        """What the amounts above it come to."""
        self.set_font(FAMILY, "B", 9)
        self.set_x(-MARGIN - sum(_AMOUNT_WIDTHS))
        for text, align, width in zip((word, total), ("L", "R"), _AMOUNT_WIDTHS, strict=True):
            self.cell(width, 6, text, align=align)
        self.ln(6)


def _write_facts(paper: _Paper, receipt: Receipt) -> None:
    delivery = receipt.delivery
    for text in (
        f"Fecha del pedido: {on_paper(receipt.placed_at)}",
        f"Fecha del pago: {on_paper(receipt.paid_at)}",
        f"Estado del pedido: {ORDER_WORDS[receipt.status]}",
        f"Comprador: {receipt.buyer_name}",
        f"Entrega a: {delivery.name}, {delivery.address}, {delivery.town}",
    ):
        paper.write_line(text)


def _write_part(paper: _Paper, part: Part, title: str) -> None:
    seller = part.seller
    paper.make_room("part")
    paper.write_title(f"{title} · {seller.business_name}")
    document = f"{_DOCUMENT_WORDS[seller.document_type]} {seller.document_number}"
    paper.write_line(f"Vendedor: {seller.business_name}, {document}")
    paper.write_line(f"Ciudad del vendedor: {seller.city} · Estado del paquete: {PACKAGE_WORDS[part.status]}")
    names, aligns, widths = zip(*_COLUMNS, strict=True)
    paper.write_table(names, [_cells(line) for line in part.lines], aligns, widths)
    _write_amounts(paper, ("Resumen del paquete", "Valor"), part.amounts, "Total del paquete")


def _cells(line: Line) -> Sequence[str]:
    return (
        line.name,
        line.sku,
        str(line.quantity),
        amount(line.unit_price),
        amount(line.discount),
        _rate(line.iva_class, line.iva_rate),
        amount(line.iva_amount),
        amount(line.total),
    )


def _write_amounts(paper: _Paper, head: Sequence[str], amounts: Amounts, total_word: str) -> None:
    paper.make_room("amounts")
    rows = [
        ("Subtotal sin IVA", amount(amounts.subtotal)),
        *([("Descuento", f"-{amount(amounts.discount)}")] if amounts.discount else []),
        ("IVA", amount(amounts.iva_amount)),
        ("Envío", amount(amounts.shipping_cost)),
    ]
    paper.write_table(head, rows, _AMOUNT_ALIGNS, _AMOUNT_WIDTHS, size=8)
    paper.write_total(total_word, amount(amounts.total))


def _write_sums(paper: _Paper, receipt: Receipt) -> None:
    paper.make_room("sums")
    paper.write_title("Total del pedido")
    sums = [
        (_class_word(each.iva_class, each.iva_rate), amount(each.base), amount(each.iva_amount))
        for each in iva_sums(receipt.parts)
    ]
    paper.write_table(("IVA por tarifa", "Base", "IVA"), sums, ("LEFT", "RIGHT", "RIGHT"), (40.0, 35.0, 35.0), size=8)
    _write_amounts(paper, ("Resumen del pedido", "Valor"), receipt.amounts, "Total pagado")
    paper.ln(4)
    paper.write_line(NOTICE, bold=True)


def _rate(iva_class: IvaClass, rate: Decimal) -> str:
    """`19 %`; exempt and excluded goods differ, though neither pays anything."""
    return _UNTAXED_WORDS.get(iva_class) or f"{(rate * 100).normalize():f}{_NO_BREAK}%"


def _class_word(iva_class: IvaClass, rate: Decimal) -> str:
    return f"{_rate(iva_class, rate)} (0 %)" if iva_class is IvaClass.EXEMPT else _rate(iva_class, rate)
