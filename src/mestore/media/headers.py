"""What a picture says of itself in its first bytes: its format and how many pixels it wants.

Read by hand, without a decoder, and before any is called: a PNG of 10 KB may ask for 400 MB. Neither the file's name
nor the type that the client declares is looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mestore.media.errors import PictureUnreadable

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END = 0xDA, 0xD9
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_WAY_TO_SIZES = (b"meta", b"iprp", b"ipco")


class PictureFormat(StrEnum):
    """As Pillow names them."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    AVIF = "AVIF"


@dataclass(frozen=True)
class Header:
    format: PictureFormat
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


def read_header(content: bytes) -> Header:
    """Tell a picture by its content.

    Raises:
        PictureUnreadable: it is none of the four formats, or ends before it says how large it is.
    """
    for kind, is_one, sizes in _READERS:
        if is_one(content):
            try:
                width, height = sizes(content)
            except (IndexError, ValueError) as error:
                raise PictureUnreadable from error
            if width < 1 or height < 1:
                raise PictureUnreadable
            return Header(kind, width, height)
    raise PictureUnreadable


def _is_png(content: bytes) -> bool:
    return content.startswith(_PNG)


def _is_jpeg(content: bytes) -> bool:
    return content.startswith(_JPEG)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_avif(content: bytes) -> bool:
    if content[4:8] != b"ftyp":
        return False
    brands = content[8 : min(int.from_bytes(content[:4], "big"), 512)]
    return not _AVIF_BRANDS.isdisjoint(brands[start : start + 4] for start in range(0, len(brands), 4))


def _png_size(content: bytes) -> tuple[int, int]:
    if content[12:16] != b"IHDR":
        raise ValueError("the first chunk is no IHDR")
    return _number(content, 16, 4), _number(content, 20, 4)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Of the first frame. A height of 0, which a later marker would tell, is refused."""
    place = 2
    while True:
        while content[place] == 0xFF and content[place + 1] == 0xFF:
            place += 1
        if content[place] != 0xFF:
            raise ValueError("no marker where one is due")
        marker = content[place + 1]
        place += 2
        if marker in _WITHOUT_LENGTH:
            continue
        if marker in {_SCAN, _END}:
            raise ValueError("no frame before the scan")
        if marker in _FRAMES:
            return _number(content, place + 5, 2), _number(content, place + 3, 2)
        place += max(2, _number(content, place, 2))


def _webp_size(content: bytes) -> tuple[int, int]:
    match content[12:16]:
        case b"VP8 " if content[23:26] == b"\x9d\x01\x2a":
            return _little(content, 26, 2) & 0x3FFF, _little(content, 28, 2) & 0x3FFF
        case b"VP8L" if content[20] == 0x2F:
            bits = _little(content, 21, 4)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return _little(content, 24, 3) + 1, _little(content, 27, 3) + 1
    raise ValueError("no WebP of a known kind")


def _avif_size(content: bytes) -> tuple[int, int]:
    """The largest that any of its parts says: a picture may be put together of tiles."""
    start, end = 0, len(content)
    for wanted in _WAY_TO_SIZES:
        found = [(body, until) for kind, body, until in _boxes(content, start, end) if kind == wanted]
        start, end = found[0]
        if wanted == b"meta":
            start += 4  # its version and flags
    sizes = [
        (_number(content, body + 4, 4), _number(content, body + 8, 4))
        for kind, body, _ in _boxes(content, start, end)
        if kind == b"ispe"
    ]
    return max(sizes, key=lambda size: size[0] * size[1])


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of what each ISO box between two places holds."""
    while start < end:
        size, kind, body = _number(content, start, 4), content[start + 4 : start + 8], start + 8
        if size == 1:
            size, body = _number(content, start + 8, 8), start + 16
        until = end if size == 0 else start + size
        if until < body or until > end:
            raise ValueError("a box larger than what holds it")
        yield kind, body, until
        start = until


def _number(content: bytes, place: int, width: int) -> int:
    """Of so many bytes, the most significant first."""
    return int.from_bytes(_bytes(content, place, width), "big")


def _little(content: bytes, place: int, width: int) -> int:
    """Of so many bytes, the least significant first."""
    return int.from_bytes(_bytes(content, place, width), "little")


def _bytes(content: bytes, place: int, width: int) -> bytes:
    if len(content) < place + width:
        raise IndexError("it ends too early")
    return content[place : place + width]


_READERS = (
    (PictureFormat.JPEG, _is_jpeg, _jpeg_size),
    (PictureFormat.PNG, _is_png, _png_size),
    (PictureFormat.WEBP, _is_webp, _webp_size),
    (PictureFormat.AVIF, _is_avif, _avif_size),
)
