"""A file of products on its way in: CSV or XLSX, told by its content."""

import asyncio
import codecs
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Annotated

from fastapi import Depends, Request

from mestore.core import forms
from mestore.core.wiring import CurrentSettings
from mestore.spreadsheets.errors import SheetTooLarge, SheetUnreadable
from mestore.spreadsheets.faults import FaultySheet, SheetFault
from mestore.spreadsheets.models import SheetFormat
from mestore.spreadsheets.reading import refuse_bomb

_ZIP = b"PK\x03\x04"
_PIECE_BYTES = 262_144

FORM = forms.documented(
    "SheetForm",
    {"maxLength": 20_971_520, "description": "CSV in UTF-8 or XLSX: told by its content, whatever it is called"},
    {"file": "sku,stock\nCAFE-500,40\n"},
)


@dataclass(frozen=True)
class SentSheet:
    file: IO[bytes]
    format: SheetFormat


class IncomingSheet:
    def __init__(self, request: Request, settings: CurrentSettings) -> None:
        self._request = request
        self._settings = settings.spreadsheets

    @asynccontextmanager
    async def received(self) -> AsyncIterator[SentSheet]:
        """The form's file, on disk while it is looked at.

        Raises:
            FormExpected, FormUnreadable: it is none, or not of this part.
            BodyTooLarge: the file is larger than `spreadsheets.max_bytes`.
            SheetUnreadable: it is no CSV in UTF-8 and no XLSX.
            SheetTooLarge: it unpacks to more than `spreadsheets.max_unpacked_bytes`.
        """
        async with forms.received(self._request, max_bytes=self._settings.max_bytes) as form:
            yield await self._recognised(form.file.file)

    async def _recognised(self, file: IO[bytes]) -> SentSheet:
        try:
            return SentSheet(file, await asyncio.to_thread(recognise, file, self._settings.max_unpacked_bytes))
        except FaultySheet as error:
            raise (SheetTooLarge if error.fault is SheetFault.TOO_LARGE else SheetUnreadable) from error


def recognise(file: IO[bytes], max_unpacked: int) -> SheetFormat:
    """Tell a file by its content.

    Raises:
        FaultySheet: it is no text in UTF-8 and no XLSX, empty, or unpacks to too much.
    """
    file.seek(0)
    start = file.read(len(_ZIP))
    if not start:
        raise FaultySheet(SheetFault.EMPTY)
    file.seek(0)
    if start == _ZIP:
        refuse_bomb(file, max_unpacked)
        return SheetFormat.XLSX
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_PIECE_BYTES):
            if b"\x00" in piece:
                raise FaultySheet(SheetFault.NOT_UTF8)
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FaultySheet(SheetFault.NOT_UTF8) from error
    return SheetFormat.CSV


Incoming = Annotated[IncomingSheet, Depends()]
