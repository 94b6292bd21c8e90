"""Pictures are worked on outside of this process, a few at a time, each in a process of its own (`workshop.py`).

Measured on pictures of 40 million pixels: the API's process grows by a few MB, whatever it is sent. A workshop takes
40 MB for a photograph, at worst about 900 MB (AVIF of 40 megapixels), and one that large is worked on alone. Whoever
would have to wait too long is told to come back.
"""

import asyncio
import functools
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
import structlog

from mestore.core.settings import MediaSettings
from mestore.media.errors import PictureUnreadable, TooManyPixels, WorkshopBusy
from mestore.media.headers import Header, read_header
from mestore.media.workshop import REFUSED

log = structlog.get_logger(__name__)
_MEMORY_BYTES = 1_500_000_000
_PROCESSOR_SECONDS = 20
_PATIENCE_SECONDS = 30
_LARGE_PIXELS = 12_000_000
_MOST_WAITING = 8
"""For each that is worked on: a client that waits longer than these take has gone."""


@dataclass(frozen=True)
class Rendered:
    """Our files of one picture, by their names."""

    width: int
    """Of the largest file, in pixels; so is `height`."""
    height: int
    color: str
    files: Mapping[str, bytes]


class _Workshops:
    def __init__(self, at_once: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._large = asyncio.Lock()
        self._most = at_once * (1 + _MOST_WAITING)
        self._inside = 0

    @asynccontextmanager
    async def place(self, pixels: int) -> AsyncIterator[None]:
        if self._inside >= self._most:
            raise WorkshopBusy
        self._inside += 1
        try:
            if pixels > _LARGE_PIXELS:
                async with self._large, self._places:
                    yield
            else:
                async with self._places:
                    yield
        finally:
            self._inside -= 1


@functools.cache
def _workshops(at_once: int) -> _Workshops:
    """This process's: the limit is of all requests together."""
    return _Workshops(at_once)


async def render(content: bytes, settings: MediaSettings) -> Rendered:
    """Our files of a picture that somebody sent.

    Raises:
        PictureUnreadable: it is no JPEG, PNG, WebP or AVIF, or broken.
        TooManyPixels: it says so of itself; no decoder was called.
        WorkshopBusy: too many others wait.
    """
    header = read_header(content)
    if header.pixels > settings.max_pixels:
        raise TooManyPixels
    async with _workshops(settings.at_once).place(header.pixels):
        return await asyncio.to_thread(_in_workshop, content, header, settings.max_pixels)


def _in_workshop(content: bytes, header: Header, max_pixels: int) -> Rendered:
    limits = [header.format.value, str(max_pixels), str(_MEMORY_BYTES), str(_PROCESSOR_SECONDS)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module; what strangers send goes to its input
            [sys.executable, "-I", "-m", "mestore.media.workshop", *limits],
            input=content,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PictureUnreadable from error
    if done.returncode == -signal.SIGKILL:  # the system took its memory: no fault of the picture
        log.warning("workshop_killed", format=header.format, pixels=header.pixels)
        raise WorkshopBusy
    if done.returncode == REFUSED or done.returncode < 0:
        log.info(
            "picture_refused", format=header.format, ended=done.returncode, why=done.stderr[-200:].decode("latin-1")
        )
        raise PictureUnreadable
    if done.returncode:
        raise RuntimeError(f"the workshop ended with {done.returncode}: {done.stderr[-500:].decode(errors='replace')}")
    return _read(done.stdout)


def _read(output: bytes) -> Rendered:
    head, _, rest = output.partition(b"\n")
    said = orjson.loads(head)
    files, place = {}, 0
    for name, length in said["files"].items():
        files[name] = rest[place : place + length]
        place += length
    return Rendered(said["width"], said["height"], said["color"], files)
