"""A receipt read back from its PDF."""

import io
import re
from dataclasses import dataclass

from pypdf import PdfReader

_LINE = re.compile(r"(\d+) \$ ([\d.]+) \$ ([\d.]+) (\d+ %|Exento|Excluido) \$ ([\d.]+) \$ ([\d.]+)")


@dataclass(frozen=True)
class ReadLine:
    """Amounts in whole pesos."""

    quantity: int
    unit_price: int
    discount: int
    rate: str
    iva: int
    total: int


class ReadReceipt:
    def __init__(self, content: bytes) -> None:
        reader = PdfReader(io.BytesIO(content))
        assert reader.metadata is not None
        self.title = reader.metadata.title
        self.created_at = reader.metadata.creation_date
        self.pages = [page.extract_text().replace("\u00a0", " ") for page in reader.pages]
        self.text = "\n".join(self.pages)

    @property
    def lines(self) -> list[ReadLine]:
        return [
            ReadLine(int(quantity), pesos(price), pesos(discount), rate, pesos(iva), pesos(total))
            for quantity, price, discount, rate, iva, total in _LINE.findall(self.text)
        ]

    def says(self, text: str) -> bool:
        """Whether it stands there, however it was broken into lines."""
        return _squeezed(text) in _squeezed(self.text)

    def amounts(self, word: str) -> list[int]:
        """What stands beside a word, each time that it stands there, in whole pesos."""
        return [pesos(found) for found in re.findall(rf"^{re.escape(word)} -?\$ ([\d.]+)$", self.text, re.MULTILINE)]

    def iva(self) -> dict[str, tuple[int, int]]:
        """Rate → base and IVA."""
        (table,) = re.findall(r"IVA por tarifa Base IVA\n(.*?)\nResumen", self.text, re.DOTALL)
        rows = (re.fullmatch(r"(.+?) \$ ([\d.]+) \$ ([\d.]+)", row) for row in table.split("\n"))
        return {row[1]: (pesos(row[2]), pesos(row[3])) for row in rows if row}


def pesos(text: str) -> int:
    assert re.fullmatch(r"\d{1,3}(\.\d{3})*", text), text
    return int(text.replace(".", ""))


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)
