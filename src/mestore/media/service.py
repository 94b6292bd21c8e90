"""Pictures: what is sent becomes our files in the store, under a name that can't be guessed."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from mestore.core.wiring import CurrentSettings
from mestore.media.rendering import render
from mestore.media.storage import Storage, new_folder
from mestore.media.workshop import WIDTHS

LARGEST = f"{WIDTHS[0]}.webp"
NAMES = (*(f"{width}.webp" for width in WIDTHS), "preview.jpg")
Used = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Which of these folders a row names."""


@dataclass(frozen=True)
class Kept:
    """A picture whose files are in the store; `width` and `height` are the largest file's, in pixels."""

    folder: str
    width: int
    height: int
    color: str


class MediaService:
    def __init__(self, settings: CurrentSettings) -> None:
        self._settings = settings.media
        self._storage = Storage(settings)

    async def keep(self, content: bytes) -> Kept:
        """Make our files of what was sent and store them: seconds of work, so no transaction may be open.

        Raises:
            PictureUnreadable: it is no JPEG, PNG, WebP or AVIF, or broken.
            TooManyPixels: more than `media.max_pixels`.
            WorkshopBusy: too many others wait.
            StorageAway: the files can't be stored now.
        """
        rendered = await render(content, self._settings)
        folder = new_folder()
        await self._storage.put(folder, rendered.files)
        return Kept(folder, rendered.width, rendered.height, rendered.color)

    async def discard(self, kept: Kept) -> None:
        """Remove the files of a picture that nobody will point to."""
        await self._storage.discard(kept.folder, NAMES)

    async def file(self, folder: str, name: str) -> bytes:
        """What lies in one of `NAMES`.

        Raises:
            PictureNotFound: there is no such file.
            StorageAway: the store does not answer.
        """
        return await self._storage.get(folder, name)

    def urls(self, folder: str) -> dict[str, str]:
        """Where each of a picture's files is found, by `1200` … `150` and `preview`."""
        return {name.partition(".")[0]: f"{self._settings.public_url}/{folder}/{name}" for name in NAMES}

    async def remove_unused(self, before: datetime, used: Used) -> int:
        """Remove everything written before a moment that `used` does not name, asked with some folders at a time.

        Returns how many files went.
        """
        return await _remove_unused(self._storage, before, used)


class PrivateMediaService:
    """Pictures that only some may see: one file each, in a store of their own that is asked only for who may."""

    def __init__(self, settings: CurrentSettings) -> None:
        self._settings = settings.media
        self._storage = Storage(settings, private=True)

    async def keep(self, content: bytes) -> Kept:
        """Make our file of what was sent and store it: seconds of work, so no transaction may be open.

        Raises:
            PictureUnreadable, TooManyPixels, WorkshopBusy, StorageAway: as `MediaService.keep`.
        """
        rendered = await render(content, self._settings)
        folder = new_folder()
        await self._storage.put(folder, {LARGEST: rendered.files[LARGEST]})
        return Kept(folder, rendered.width, rendered.height, rendered.color)

    async def discard(self, *folders: str) -> None:
        """Remove the files of pictures that nobody will point to, if that is possible now; else the janitor does."""
        for folder in folders:
            await self._storage.discard(folder, [LARGEST])

    async def file(self, folder: str) -> bytes:
        """The picture, as WebP.

        Raises:
            PictureNotFound: there is no such file.
            StorageAway: the store does not answer.
        """
        return await self._storage.get(folder, LARGEST)

    async def remove_unused(self, before: datetime, used: Used) -> int:
        """As `MediaService.remove_unused`, of these files."""
        return await _remove_unused(self._storage, before, used)


async def _remove_unused(storage: Storage, before: datetime, used: Used) -> int:
    removed = await storage.sweep_unfinished(before)
    async for folders in storage.older_than(before):
        unused = folders.keys() - set(await used(list(folders)))
        paths = [path for folder in sorted(unused) for path in folders[folder]]
        await storage.remove(paths)
        removed += len(paths)
    return removed
