"""Where uploaded files wait for their import: a folder, or an S3-compatible service.

Apart from pictures, which everybody may fetch: these files name costs.
"""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import IO

import obstore
import structlog
from obstore.store import ObjectStore

from mestore.core.object_store import in_our_words, opened
from mestore.core.settings import Settings
from mestore.spreadsheets.errors import SheetStorageAway

log = structlog.get_logger(__name__)
_PIECE_BYTES = 262_144


class SheetGone(Exception):
    """There is no such file any more."""


class SheetStorage:
    def __init__(self, settings: Settings) -> None:
        self._url = settings.spreadsheets.url
        self._local = (settings.spreadsheets.folder or settings.data_dir / "imports").absolute()

    async def put(self, file: IO[bytes]) -> str:
        """Keep a file, read piece by piece, and give its name.

        Raises:
            SheetStorageAway: the disk is full, or the service does not answer.
        """
        name = secrets.token_hex(16)
        file.seek(0)
        try:
            with _in_our_words():
                await obstore.put_async(self._store(), name, _pieces(file))
        except SheetStorageAway:
            await self.discard(name)
            raise
        return name

    async def fetch(self, name: str) -> IO[bytes]:
        """A file, on this machine's disk; the caller closes it.

        Raises:
            SheetGone: there is no such file.
            SheetStorageAway: the store does not answer.
        """
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            with _in_our_words():
                found = await obstore.get_async(self._store(), name)
                async for piece in found.stream(min_chunk_size=_PIECE_BYTES):
                    await asyncio.to_thread(file.write, piece)
        except BaseException:
            file.close()
            raise
        return file

    async def discard(self, name: str) -> None:
        """Remove a file if that is possible now; whatever stays is the janitor's."""
        try:
            with _in_our_words():
                await obstore.delete_async(self._store(), name if self._url is None else [name])
        except SheetGone:
            return
        except SheetStorageAway:
            log.warning("sheet_left_behind", name=name)

    async def older_than(self, moment: datetime) -> list[str]:
        """The names of files that were written before a moment."""
        names: list[str] = []
        with _in_our_words():
            async for chunk in obstore.list(self._store()):
                names += [each["path"] for each in chunk if each["last_modified"] < moment]
        return names

    def _store(self) -> ObjectStore:
        return opened(self._url, self._local)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
        yield piece


_in_our_words = partial(in_our_words, gone=SheetGone, away=SheetStorageAway)
