"""Slips made without a payment, and slips read back from what they were shown on."""

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

from pypdf import PdfReader

from mestore.core.money import Money
from mestore.payments.barcode import SlipBarcode
from mestore.receipts.slip import Slip
from tests.payments import scanner

BARCODE = SlipBarcode("7709998001237", "0000202600123", Money(150_000), date(2026, 11, 30))
_RECTANGLE = re.compile(rb"^([0-9.]+) [0-9.]+ ([0-9.]+) -?[0-9.]+ re f$", re.MULTILINE)
_PATH = re.compile(r"M(\d+) 0h(\d+)v(\d+)h-(\d+)z")


def slip(**more: Any) -> Slip:
    plain = Slip(
        order_number="ORD-20261124-7KQ2M9XD",
        begun_at=datetime(2026, 11, 25, 3, 4, tzinfo=UTC),
        code="0000202600123",
        amount=Money(150_000),
        expires_at=datetime(2026, 12, 1, 4, 59, 59, 999_999, tzinfo=UTC),
        steps=["Acércate a un punto Efecty.", "Di tu código.", "Paga."],
        barcode=BARCODE,
    )
    return replace(plain, **more)


class ReadSlip:
    """A slip read back from its PDF."""

    def __init__(self, content: bytes) -> None:
        reader = PdfReader(io.BytesIO(content))
        assert reader.metadata is not None
        self.title = reader.metadata.title
        self.created_at = reader.metadata.creation_date
        (page,) = reader.pages
        self.text = page.extract_text().replace("\u00a0", " ")
        self.width = float(page.mediabox.width)
        drawn = page.get_contents()
        assert drawn is not None
        self.bars = [(float(x), float(width)) for x, width in _RECTANGLE.findall(drawn.get_data())]
        """Left edge and width of each, in points: a module is one."""

    def says(self, text: str) -> bool:
        """Whether it stands there, however it was broken into lines."""
        return "".join(text.split()) in "".join(self.text.split())

    @property
    def modules(self) -> str:
        assert all(place.is_integer() and width.is_integer() for place, width in self.bars)
        return scanner.modules((int(place), int(width)) for place, width in self.bars)


class ReadPage(HTMLParser):
    """A slip read back from its page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.style = ""
        self._texts: list[str] = []
        self.feed(content.decode())
        self.text = " ".join(" ".join(self._texts).replace("\u00a0", " ").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["style"] and not self.style:
            self.style = data
        else:
            self._texts.append(data)

    @property
    def bars(self) -> list[scanner.Bar]:
        (path,) = [value for name, value in self.attributes if name == "d"]
        assert _PATH.sub("", path) == ""
        for _, width, _, back in _PATH.findall(path):
            assert width == back
        return [(int(place), int(width)) for place, width, _, _ in _PATH.findall(path)]

    @property
    def view_box(self) -> list[int]:
        (box,) = [value for name, value in self.attributes if name == "viewbox"]
        return [int(each) for each in box.split()]
