"""Pictures as nobody should send them, made by code; and some good ones that are seldom seen."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageCms

GREEN = (20, 160, 70)
PNG = b"\x89PNG\r\n\x1a\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any) -> bytes:
    """A plain one: green where its mode has colours."""
    color: Any = {"RGB": GREEN, "RGBA": (*GREEN, 120), "CMYK": (220, 40, 200, 10)}.get(mode, 1)
    return saved(Image.new(mode, size, color), kind, **options)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_bomb(width: int, height: int, bits: int = 1, colors: int = 0) -> bytes:
    """A small file of very many pixels, all zero."""
    samples = {0: 1, 2: 3, 6: 4}[colors]
    row = b"\0" * (1 + (width * bits * samples + 7) // 8)
    deflate = zlib.compressobj(9)
    packed = b"".join(deflate.compress(row) for _ in range(height)) + deflate.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, colors, 0, 0, 0)
    return PNG + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def says(content: bytes, width: int, height: int) -> bytes:
    """A PNG whose header lies about its size."""
    head = struct.pack(">II", width, height) + content[24:29]
    return content[:8] + chunk(b"IHDR", head) + content[33:]


def text_bomb() -> bytes:
    """A PNG with 200 MB of text in it."""
    packed = zlib.compress(b"\0" * 200_000_000, 9)
    good = picture("PNG")
    return good[:33] + chunk(b"zTXt", b"Comment\0\0" + packed) + good[33:]


def profile_bomb() -> bytes:
    packed = zlib.compress(b"\0" * 200_000_000, 9)
    good = picture("PNG")
    return good[:33] + chunk(b"iCCP", b"x\0\0" + packed) + good[33:]


def two_frames() -> bytes:
    """A JPEG whose first header is small and whose second, which decoders believe, is not."""
    good = picture("JPEG", (64, 64))
    start = good.index(b"\xff\xc0")
    length = struct.unpack(">H", good[start + 2 : start + 4])[0]
    frame = bytearray(good[start : start + 2 + length])
    frame[5:9] = struct.pack(">HH", 65_000, 65_000)
    return good[: start + 2 + length] + bytes(frame) + good[start + 2 + length :]


def animation(kind: str) -> bytes:
    frames = [Image.new("RGB", (300, 200), color) for color in (GREEN, (200, 20, 20), (20, 20, 200))]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def turned(orientation: int = 6) -> bytes:
    """Lying in the file, upright to whoever reads its EXIF, which also says where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "CamaraSecreta"
    exif.get_ifd(0x8825).update({1: "N", 2: (4.0, 35.0, 56.0), 3: "W", 4: (74.0, 4.0, 51.0)})
    return picture("JPEG", (640, 480), exif=exif, comment=b"ComentarioSecreto")


def palette_with_transparency() -> bytes:
    image = Image.new("P", (400, 400), 0)
    image.putpalette([255, 0, 0, *GREEN])
    image.paste(1, (0, 0, 400, 200))
    return saved(image, "PNG", transparency=0)


GOOD: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: picture("JPEG"),
    "jpeg progressive": lambda: picture("JPEG", progressive=True),
    "jpeg gray": lambda: picture("JPEG", mode="L"),
    "jpeg cmyk": lambda: picture("JPEG", mode="CMYK"),
    "jpeg turned": turned,
    "jpeg with a profile": lambda: picture("JPEG", icc_profile=ImageCms.ImageCmsProfile(srgb()).tobytes()),
    "jpeg with nonsense for a profile": lambda: picture("JPEG", icc_profile=b"nonsense" * 40),
    "jpeg with nonsense for EXIF": lambda: picture("JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"),
    "jpeg and a zip in one": lambda: picture("JPEG") + b"PK\x03\x04" + b"\0" * 1_000,
    "jpeg and a page in one": lambda: picture("JPEG", comment=b"<script>alert(1)</script>") + b"<script>x</script>",
    "png": lambda: picture("PNG"),
    "png with transparency": lambda: picture("PNG", mode="RGBA"),
    "png palette with transparency": palette_with_transparency,
    "png 1 bit": lambda: picture("PNG", mode="1"),
    "png 16 bits": lambda: saved(Image.new("I;16", (300, 300), 40_000), "PNG"),
    "png of two colours and 9 megapixels": lambda: png_bomb(3_000, 3_000),
    "png of 39 megapixels": lambda: png_bomb(6_200, 6_200, 8, 2),
    "png of one row": lambda: png_bomb(100_000, 1),
    "png of one column": lambda: png_bomb(1, 100_000),
    "png of one pixel": lambda: png_bomb(1, 1),
    "apng": lambda: animation("PNG"),
    "webp": lambda: picture("WEBP"),
    "webp lossless": lambda: picture("WEBP", mode="RGBA", lossless=True),
    "webp animated": lambda: animation("WEBP"),
    "avif": lambda: picture("AVIF"),
    "avif with transparency": lambda: picture("AVIF", mode="RGBA"),
    "avif animated": lambda: animation("AVIF"),
}


def srgb() -> Any:
    return ImageCms.createProfile("sRGB")


UNREADABLE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "one byte": lambda: b"\xff",
    "text": lambda: b"no soy una imagen",
    "a page": lambda: b"<!doctype html><script>alert(1)</script>",
    "a drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "gif": lambda: picture("GIF", mode="P"),
    "bmp": lambda: picture("BMP"),
    "tiff": lambda: picture("TIFF"),
    "pdf": lambda: b"%PDF-1.7\n",
    "a movie": lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100,
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999 9999\n",
    "jpeg cut in half": lambda: picture("JPEG")[:1_500],
    "jpeg of three bytes": lambda: b"\xff\xd8\xff",
    "jpeg of markers only": lambda: b"\xff\xd8" + b"\xff" * 50_000,
    "jpeg of empty segments": lambda: b"\xff\xd8" + b"\xff\xe0\0\0" * 50_000,
    "png cut in half": lambda: png_bomb(800, 800, 8, 2)[:900],
    "png head only": lambda: picture("PNG")[:24],
    "png with a broken sum": lambda: picture("PNG").replace(b"IDAT", b"IDAT\xff", 1),
    "png of no width": lambda: says(picture("PNG"), 0, 480),
    "png with less in it than it says": lambda: says(picture("PNG"), 5_000, 5_000),
    "png with 200 MB of text": text_bomb,
    "webp cut in half": lambda: picture("WEBP")[:60],
    "webp head only": lambda: b"RIFF\x10\0\0\0WEBPVP8X",
    "avif cut in half": lambda: picture("AVIF", size=(900, 900))[:250],
    "avif head only": lambda: b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
    "avif with a box larger than itself": lambda: b"\0\0\0\x14ftypavif\0\0\0\0avif\xff\xff\xff\xffmeta" + b"\0" * 64,
    "avif with boxes of no size": lambda: b"\0\0\0\x14ftypavif\0\0\0\0avif" + b"\0\0\0\0free" * 1_000,
}

TOO_MANY_PIXELS: dict[str, Callable[[], bytes]] = {
    "png of 10 KB, 9400 × 9400": lambda: png_bomb(9_400, 9_400),
    "png of 21 KB, 13300 × 13300": lambda: png_bomb(13_300, 13_300),
    "png that says 4 billion squared": lambda: says(picture("PNG"), 2**32 - 1, 2**32 - 1),
    "jpeg that says 65000 × 65000": lambda: _jpeg_that_says(65_000, 65_000),
    "webp of 16383 × 16383": lambda: b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\0\xfe\x3f\0" + b"\0" * 16,
    "avif that says 60000 × 60000": lambda: _avif_that_says(60_000, 60_000),
}


def _jpeg_that_says(width: int, height: int) -> bytes:
    good = bytearray(picture("JPEG"))
    start = good.index(b"\xff\xc0")
    good[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(good)


def _avif_that_says(width: int, height: int) -> bytes:
    good = bytearray(picture("AVIF"))
    start = good.index(b"ispe") + 8
    good[start : start + 8] = struct.pack(">II", width, height)
    return bytes(good)
