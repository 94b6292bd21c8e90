"""The barcode of a slip: GS1-128 as Colombian collectors use it, `(415)` who collects, `(8020)` the code, `(3900)` the
amount, `(96)` the last day. Pure but for the drawing, which makes bytes.

Sources: GS1 General Specifications (415 stands with 8020 and is never followed by a separator, being of fixed length;
8020 and 390n are), and the habit of local issuers to give the due date as `YYYYMMDD` in (96).
"""

import re
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from barcode.codex import Gs1_128
from barcode.writer import ImageWriter, SVGWriter

from mestore.core.money import Money

SEPARATOR = "\x1d"
"""FNC1 between elements, as scanners give it (ASCII 29)."""

_FNC1 = Gs1_128.FNC1_CHAR
_GLN = re.compile(r"[0-9]{13}")
_CODE = re.compile(r"[0-9]{1,25}")
_LARGEST = 10**15
_ELEMENTS = re.compile(
    r"\(415\)([0-9]{13})\(8020\)([0-9]{1,25})\(3900\)([0-9]{1,15})\(96\)([0-9]{4})([0-9]{2})([0-9]{2})"
)


def check_digit(digits: str) -> str:
    """GS1's check digit of all the other digits, by weights 3 and 1 from the right, modulo 10."""
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


@dataclass(frozen=True)
class SlipBarcode:
    """What a slip's barcode says.

    Raises:
        ValueError: the GLN's check digit is wrong, the code is not 1 to 25 digits, or the amount not whole pesos.
    """

    gln: str
    code: str
    amount: Money
    """COP, whole pesos."""
    last_day: date
    """In Colombia."""

    def __post_init__(self) -> None:
        if not _GLN.fullmatch(self.gln) or check_digit(self.gln[:-1]) != self.gln[-1]:
            raise ValueError(f"{self.gln!r} is no GLN")
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"{self.code!r} is no code of a slip")
        pesos, centavos = divmod(self.amount.cents, 100)
        if centavos or not 0 < pesos < _LARGEST:
            raise ValueError(f"a slip is of whole pesos, not of {self.amount}")

    @classmethod
    def read(cls, text: str) -> "SlipBarcode":
        """Of the text that people read beneath the bars.

        Raises:
            ValueError: it is none.
        """
        found = _ELEMENTS.fullmatch(text)
        if found is None:
            raise ValueError("not the text of a slip's barcode")
        gln, code, pesos, year, month, day = found.groups()
        return cls(gln, code, Money(int(pesos)), date(int(year), int(month), int(day)))

    @property
    def text(self) -> str:
        """As people read it: `(415)7709998001237(8020)0000202600123(3900)150000(96)20261130`."""
        return "".join(f"({identifier}){value}" for identifier, value in self._elements())

    @property
    def content(self) -> str:
        """As scanners give it: without the leading FNC1, `SEPARATOR` after what is of varying length, but the last."""
        (gln, collector), (code, said), (amount, pesos), (due, day) = self._elements()
        return f"{gln}{collector}{code}{said}{SEPARATOR}{amount}{pesos}{SEPARATOR}{due}{day}"

    @property
    def modules(self) -> str:
        """The bars from left to right, `1` for a dark module and `0` for a light one, without quiet zones."""
        (line,) = self._symbols(SVGWriter()).build()
        return str(line)

    def svg(self) -> bytes:
        return self._draw(SVGWriter())

    def png(self) -> bytes:
        return self._draw(ImageWriter())

    def _elements(self) -> tuple[tuple[str, str], ...]:
        return (
            ("415", self.gln),
            ("8020", self.code),
            ("3900", str(self.amount.cents // 100)),
            ("96", f"{self.last_day:%Y%m%d}"),
        )

    def _symbols(self, writer: SVGWriter | ImageWriter) -> Gs1_128:
        return Gs1_128(self.content.replace(SEPARATOR, _FNC1), writer=writer)

    def _draw(self, writer: SVGWriter | ImageWriter) -> bytes:
        drawn = BytesIO()
        self._symbols(writer).write(
            drawn, {"font_size": 6, "text_distance": 3, "module_width": 0.25, "module_height": 18}, self.text
        )
        return drawn.getvalue()
