"""Sheets of letter size, as all that is printed here has them.

Everything is text in cells: nothing that people wrote is read as markup. What the fonts have no picture of is shown as
an empty box.
"""

import re
import unicodedata
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from mestore.core.money import Money
from mestore.core.wording import pesos

MARGIN = 12
"""Millimetres."""

FAMILY = "dejavu"
_FONT_FOLDER = Path(__file__).parent / "fonts"
_FONTS = {"": "DejaVuSansCondensed.ttf", "B": "DejaVuSansCondensed-Bold.ttf"}
_BOX = "□"
_PAGES = "\ufdd0"
"""Stands for the number of pages until they are counted: no character, so that nobody's text has it."""

_GREY = 110
_NO_BREAK = "\u00a0"
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""They choose how the character before them is drawn; these fonts have each in one way."""


def amount(money: Money) -> str:
    """`$ 250.000` of COP, which no line break tears apart."""
    return pesos(money.amount).replace(" ", _NO_BREAK)


class Paper(FPDF):
    """Pages with the marketplace's name at the head, and at the foot what this paper is not."""

    def __init__(self, kind: str, order_number: str, made_at: datetime, notice: str) -> None:
        """`made_at` is of what is printed, not of the printing: the same document is the same bytes at any time."""
        super().__init__(format="letter")
        self._kind, self._number, self._notice = kind, order_number, notice
        for style, file in _FONTS.items():
            self.add_font(FAMILY, style, _FONT_FOLDER / file)
        fonts = [font for font in self.fonts.values() if isinstance(font, TTFFont)]
        self._drawable = frozenset.intersection(*(frozenset(font.cmap) for font in fonts))
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=18)
        self.alias_nb_pages(_PAGES)
        self.set_creation_date(made_at)
        self.set_title(f"{kind} {order_number}")
        self.set_author("MeStore")
        self.set_lang("es-CO")

    def header(self) -> None:
        self.write_line("MeStore", size=16, bold=True)
        self.write_line(f"{self._kind} · Pedido {self._number}", size=11)
        self.ln(3)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(FAMILY, "", 7)
        self.set_text_color(_GREY)
        self.cell(0, 4, f"{self._notice} · Página {self.page_no()} de {_PAGES}")
        self.set_text_color(0)

    def write_line(self, text: str, *, size: float = 9, bold: bool = False, align: str = "LEFT") -> None:
        """A paragraph over the whole width."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.multi_cell(0, size * 0.5, self.printable(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def printable(self, text: str) -> str:
        """One line of what can be drawn, without anything invisible that would reorder it."""
        return "".join(map(self._drawn, unicodedata.normalize("NFC", text)))

    def _drawn(self, character: str) -> str:
        if character.isspace() or unicodedata.category(character) == "Cc":
            return character if character == _NO_BREAK else " "
        if unicodedata.category(character) == "Cf" or _SELECTORS.match(character):
            return ""
        return character if ord(character) in self._drawable else _BOX
