"""All of a shop's products as a file that the import takes: piece by piece, so that no size of a shop needs memory.

No transaction stays open while a client reads: each batch is a read of its own, and goes on behind the last product of
the one before.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from typing import IO, Annotated

import orjson
from fastapi import Depends

from mestore.core.database import Session, checkpoint, transaction
from mestore.core.ids import VendorId
from mestore.core.wiring import TheWorld
from mestore.core.world import World
from mestore.spreadsheets.cells import neutralised
from mestore.spreadsheets.columns import NAMES, cells_of
from mestore.spreadsheets.converters import write_xlsx
from mestore.spreadsheets.repository import exported_products
from mestore.users.models import User
from mestore.vendors.service import VendorService

_BATCH = 500
_PIECE_BYTES = 65_536
_MARK = "\ufeff"
"""By which spreadsheets know that a CSV file is UTF-8."""

Rows = list[list[str]]


class ExportService:
    def __init__(self, session: Session, world: TheWorld) -> None:
        self._session = session
        self._world = world
        self._vendors = VendorService(session)

    async def csv(self, user: User) -> AsyncIterator[bytes]:
        """The caller's products, separated by commas. Its first batch is read before anything is answered."""
        batches = await self._batches(user)
        return _csv_pieces([list(NAMES)], batches)

    async def xlsx(self, user: User) -> AsyncIterator[bytes]:
        """The caller's products as a workbook, which is ready before anything is answered."""
        batches = await self._batches(user)
        with tempfile.TemporaryFile() as lines:
            await asyncio.to_thread(_write_lines, lines, [list(NAMES)])
            async for rows in batches:
                await asyncio.to_thread(_write_lines, lines, rows)
            file = await write_xlsx(lines, self._world.settings.spreadsheets)
        return _pieces(file)

    async def _batches(self, user: User) -> AsyncIterator[Rows]:
        vendor = await self._vendors.of_user(user.id)
        await checkpoint(self._session)  # a client may read slowly
        batches = _rows_of(self._world, vendor.id)
        return _led_by(await anext(batches, []), batches)


ExportDep = Annotated[ExportService, Depends()]


async def _rows_of(world: World, vendor_id: VendorId) -> AsyncIterator[Rows]:
    after = None
    while True:
        async with transaction(world.sessions) as session:
            products = await exported_products(session, vendor_id, after, _BATCH)
        if products:
            yield [[neutralised(cell) for cell in cells_of(product)] for product in products]
        if len(products) < _BATCH:
            return
        after = (products[-1]["created_at"], products[-1]["id"])


async def _led_by(first: Rows, rest: AsyncIterator[Rows]) -> AsyncIterator[Rows]:
    yield first
    async for rows in rest:
        yield rows


async def _csv_pieces(header: Rows, batches: AsyncIterator[Rows]) -> AsyncIterator[bytes]:
    yield (_MARK + _csv_text(header)).encode()
    async for rows in batches:
        yield _csv_text(rows).encode()


def _csv_text(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _write_lines(file: IO[bytes], rows: Rows) -> None:
    file.writelines(orjson.dumps(row) + b"\n" for row in rows)
    file.flush()


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with closing(file):
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece
