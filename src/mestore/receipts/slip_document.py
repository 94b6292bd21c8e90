"""A slip as a PDF of one page: the same slip always gives the same bytes."""

from fpdf.enums import RenderStyle

from mestore.payments.barcode import SlipBarcode
from mestore.receipts.paper import Paper, amount
from mestore.receipts.slip import KIND, NOTICE, Slip, bars

_BAR_HEIGHT = 24.0
"""Millimetres."""


def build_slip(slip: Slip) -> bytes:
    """The slip on a page of letter size, in Spanish."""
    paper = Paper(KIND, slip.order_number, slip.begun_at, NOTICE)
    paper.add_page()
    paper.write_line("Código", size=11)
    paper.write_line(slip.code, size=30, bold=True)
    paper.ln(2)
    paper.write_line("Valor a pagar", size=11)
    paper.write_line(amount(slip.amount), size=22, bold=True)
    paper.ln(2)
    paper.write_line(slip.deadline, size=11)
    if slip.barcode is not None:
        _draw(paper, slip.barcode)
    paper.ln(4)
    paper.write_line("Cómo pagar", size=11, bold=True)
    for number, step in enumerate(slip.steps, 1):
        paper.write_line(f"{number}. {step}", size=11)
        paper.ln(1)
    paper.ln(3)
    paper.write_line(slip.warning, size=11, bold=True)
    return bytes(paper.output())


def _draw(paper: Paper, barcode: SlipBarcode) -> None:
    """A module is a point wide (0.353 mm): so the edges of all bars are whole numbers, and none is rounded."""
    paper.ln(6)
    module, top = 1 / paper.k, paper.get_y()
    left = round((paper.w * paper.k - len(barcode.modules)) / 2) * module
    paper.set_fill_color(0)
    for bar in bars(barcode):
        paper.rect(left + bar.place * module, top, bar.width * module, _BAR_HEIGHT, RenderStyle.F)
    paper.set_y(top + _BAR_HEIGHT + 2)
    paper.write_line(barcode.text, size=8, align="CENTER")
