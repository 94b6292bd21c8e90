"""Files are made and taken apart by processes of their own (`reading.py`, `writing.py`), a few at a time.

So neither the API's loop nor the worker's waits for a parser, and what a hostile file uses up is not theirs.
"""

import asyncio
import functools
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import orjson
import structlog

from mestore.core.settings import SpreadsheetSettings
from mestore.spreadsheets.columns import NAMES
from mestore.spreadsheets.faults import FaultySheet, SheetFault
from mestore.spreadsheets.models import SheetFormat

log = structlog.get_logger(__name__)
_MEMORY_BYTES = 536_870_912
_PROCESSOR_SECONDS = 120
_PATIENCE_SECONDS = 240
_NUMBERS = ("precio_venta", "precio_costo", "stock", "weight_kg")


@dataclass(frozen=True)
class SheetRow:
    number: int
    """As a spreadsheet counts: the header is row 1."""
    cells: list[str]
    same_as: int | None
    """An earlier row that has the same SKU."""


@dataclass
class Sheet:
    """The rows of a file, on disk until they are read."""

    header: list[str]
    total: int
    decimal_comma: bool
    lines: IO[bytes]

    async def batch(self, size: int, *, after: int) -> list[SheetRow]:
        """The next rows beyond the row of that number; none when all have been read."""
        return await asyncio.to_thread(lambda: list(islice(self._beyond(after), size)))

    def _beyond(self, after: int) -> Iterator[SheetRow]:
        for line in self.lines:
            row = SheetRow(*orjson.loads(line))
            if row.number > after:
                yield row

    def close(self) -> None:
        self.lines.close()


@functools.cache
def _places(at_once: int) -> asyncio.Semaphore:
    """This process's: the limit is of all requests or jobs together."""
    return asyncio.Semaphore(at_once)


async def read_sheet(file: IO[bytes], kind: SheetFormat, settings: SpreadsheetSettings) -> Sheet:
    """Take a file apart. `file` has a descriptor, and is read from its beginning.

    Raises:
        FaultySheet: it can't be read as a whole.
    """
    async with _places(settings.at_once):
        return await asyncio.to_thread(_read, file, kind, settings)


async def write_xlsx(lines: IO[bytes], settings: SpreadsheetSettings) -> IO[bytes]:
    """An XLSX file of rows, each a list of texts as a line of JSON; the caller closes it."""
    async with _places(settings.at_once):
        return await asyncio.to_thread(_write, lines)


def _read(file: IO[bytes], kind: SheetFormat, settings: SpreadsheetSettings) -> Sheet:
    lines = tempfile.TemporaryFile()  # noqa: SIM115 - the sheet closes it
    try:
        limits = (settings.max_rows, settings.max_unpacked_bytes, _MEMORY_BYTES, _PROCESSOR_SECONDS)
        said = _run("reading", file, lines, kind.value, ",".join(NAMES), *map(str, limits))
    except BaseException:
        lines.close()
        raise
    if "fault" in said:
        lines.close()
        raise FaultySheet(SheetFault(said["fault"]), said["column"])
    return Sheet(said["header"], said["total"], said["decimal_comma"], lines)


def _write(lines: IO[bytes]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        columns = ",".join(str(NAMES.index(name)) for name in _NUMBERS)
        _run("writing", lines, file, columns, str(_MEMORY_BYTES), str(_PROCESSOR_SECONDS))
    except BaseException:
        file.close()
        raise
    return file


def _run(module: str, taken: IO[bytes], given: IO[bytes], *limits: str) -> Any:
    """Run one of the two modules on two files; what it says at its end."""
    taken.seek(0)
    try:
        done = subprocess.run(  # noqa: S603 - our own module; what strangers send goes to its input
            [sys.executable, "-I", "-X", "utf8", "-W", "ignore", "-m", f"mestore.spreadsheets.{module}", *limits],
            stdin=taken,
            stdout=given,
            stderr=subprocess.PIPE,
            timeout=_PATIENCE_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FaultySheet(SheetFault.TOO_LARGE) from error
    if done.returncode < 0 or b"MemoryError" in done.stderr:  # out of time or memory, perhaps even for saying so
        log.info("sheet_not_converted", ended=done.returncode)
        raise FaultySheet(SheetFault.TOO_LARGE)
    if done.returncode:
        raise RuntimeError(f"the converter ended with {done.returncode}: {done.stderr[-500:].decode(errors='replace')}")
    given.seek(0)
    return orjson.loads(done.stderr.splitlines()[-1]) if done.stderr else {}
