"""Where the files of pictures lie: a folder of this machine, or an S3-compatible service; the one interface to both.

A picture's files lie together in a folder of the store whose name can't be guessed. They are written once and never
changed.
"""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import NotFoundError
from obstore.store import ObjectStore

from mestore.core.failpoints import failpoint
from mestore.core.object_store import in_our_words, opened
from mestore.core.settings import Settings
from mestore.media.errors import PictureNotFound, StorageAway

log = structlog.get_logger(__name__)
_LISTED_AT_ONCE = 1_000
TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}
FOR_EVER = "public, max-age=31536000, immutable"
NOBODY_KEEPS = "private, no-store"


def new_folder() -> str:
    """128 random bits, as 32 letters."""
    return secrets.token_hex(16)


class Storage:
    """Of the pictures that everybody may see, or of the `private` ones, which no public address leads to."""

    def __init__(self, settings: Settings, *, private: bool = False) -> None:
        media = settings.media
        self._url = media.private_url if private else media.url
        folder = settings.data_dir / "private" if private else media.folder or settings.data_dir / "media"
        self._local = folder.absolute()
        self._cached = NOBODY_KEEPS if private else FOR_EVER

    async def put(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Keep files that are all there or, if one can't be kept, all gone: as good as this moment allows.

        Raises:
            StorageAway: the disk is full, or the service does not answer.
        """
        try:
            with _in_our_words():
                store = self._store()
                for name, content in files.items():
                    await obstore.put_async(store, f"{folder}/{name}", content, attributes=self._attributes(name))
                    failpoint("file_stored")
        except StorageAway:
            await self.discard(folder, files)
            raise

    async def get(self, folder: str, name: str) -> bytes:
        """What lies in a file.

        Raises:
            PictureNotFound: there is no such file.
            StorageAway: the store does not answer.
        """
        with _in_our_words():
            found = await obstore.get_async(self._store(), f"{folder}/{name}")
            return bytes(await found.bytes_async())

    async def discard(self, folder: str, names: Collection[str]) -> None:
        """Remove files if that is possible now; whatever stays is the janitor's."""
        try:
            await self.remove([f"{folder}/{name}" for name in names])
        except StorageAway:
            log.warning("files_left_behind", folder=folder)

    async def older_than(self, moment: datetime) -> AsyncIterator[dict[str, list[str]]]:
        """Paths of everything that was written before a moment, by folder, some folders at a time."""
        found: dict[str, list[str]] = {}
        with _in_our_words():
            async for chunk in obstore.list(self._store(), chunk_size=_LISTED_AT_ONCE):
                for each in chunk:
                    if each["last_modified"] < moment:
                        found.setdefault(each["path"].partition("/")[0], []).append(each["path"])
                if len(found) >= _LISTED_AT_ONCE:
                    yield found
                    found = {}
        yield found

    async def remove(self, paths: Collection[str]) -> None:
        """Remove these files, also those that are gone already.

        Raises:
            StorageAway: the store does not answer.
        """
        with _in_our_words():
            if self._url is not None:
                await obstore.delete_async(self._store(), list(paths))
                return
            for path in paths:
                with suppress(NotFoundError, FileNotFoundError):
                    await obstore.delete_async(self._store(), path)

    async def sweep_unfinished(self, moment: datetime) -> int:
        """Remove what a process that died left half written, and count it: files that the store itself does not list.

        Only a folder of this machine has such; S3 knows an object wholly or not at all.
        """
        return 0 if self._url else await asyncio.to_thread(_sweep, self._local, moment.timestamp())

    def _attributes(self, name: str) -> dict[str, str] | None:
        """What S3 says of a file when it is fetched from there past us; a folder keeps no such thing."""
        if self._url is None:
            return None
        return {"Content-Type": TYPES[name.rpartition(".")[2]], "Cache-Control": self._cached}

    def _store(self) -> ObjectStore:
        return opened(self._url, self._local)


def _sweep(local: Path, before: float) -> int:
    swept = 0
    for folder in local.iterdir() if local.is_dir() else ():
        if folder.stat().st_mtime >= before:
            continue
        files = list(folder.iterdir()) if folder.is_dir() else []
        if not any("#" not in file.name for file in files):
            shutil.rmtree(folder, ignore_errors=True)
            swept += len(files)
    return swept


_in_our_words = partial(in_our_words, gone=PictureNotFound, away=StorageAway)
