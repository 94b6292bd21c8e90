"""A process of its own that makes our files of one picture, and ends: `python -m mestore.media.workshop`.

Decoders are large C programs that read what strangers send. Here they hold no secret, may use neither more memory nor
more time than they are given, and whatever they use is the operating system's again when the process ends. It reads
the picture from its input and writes one line of JSON, then the files one after another; nothing but pixels goes from
the one to the other: no EXIF, no comment, no profile, nothing that was hidden behind the picture.

`Image.open` reads headers only, so that the size is checked once more, as the decoder itself understood it.
"""

import contextlib
import io
import json
import math
import resource
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageFile

WIDTHS = (1200, 900, 600, 300, 150)
TALLEST = 2
"""A file is at most so many times as high as its name says it is wide."""

PREVIEW = (1200, 630)
PREVIEW_BYTES = 300_000
REFUSED = 3
"""How the process ends when the picture, and not the workshop, is at fault."""

_WHITE = (255, 255, 255)
_WEBP_QUALITY = 80
_PREVIEW_QUALITIES = (85, 75, 60, 45, 30, 15)
_STRIP_PIXELS = 2_000_000
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def main(picture_format: str, max_pixels: str, max_bytes: str, max_seconds: str) -> int:
    _limit(int(max_bytes), int(max_seconds))
    content = sys.stdin.buffer.read()
    try:
        files, color, size = work(content, picture_format, int(max_pixels))
    except (OSError, SyntaxError, ValueError, TypeError, EOFError, ArithmeticError, LookupError, MemoryError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}"[:200])
        return REFUSED
    said = {"width": size[0], "height": size[1], "color": color, "files": {name: len(files[name]) for name in files}}
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + b"".join(files.values()))
    sys.stdout.buffer.flush()
    return 0


def _limit(max_bytes: int, max_seconds: int) -> None:
    """Memory, processor time, and no file to write; and where memory does run out, this process is the first to go."""
    resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (max_seconds, max_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # only Linux has it
        Path("/proc/self/oom_score_adj").write_text("1000")


def work(content: bytes, picture_format: str, max_pixels: int) -> tuple[dict[str, bytes], str, tuple[int, int]]:
    """Our files of a picture by name, its dominant colour, and the size of the largest file.

    Raises:
        ValueError: it has too many pixels.
        OSError: it is broken. Pillow raises a few others, too.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own cap is stricter, and refuses
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with Image.open(io.BytesIO(content), formats=[picture_format]) as image:
        if image.width * image.height > max_pixels:
            raise ValueError("too many pixels")
        picture = _upright(_in_srgb(_shrunk(image), image.info.get("icc_profile")), image)
    largest = _fitting(picture, WIDTHS[0])
    files = dict(_webps(largest))
    files["preview.jpg"] = _preview(largest)
    return files, _dominant(largest), largest.size


def _scale(size: tuple[int, int], width: int) -> float:
    """By how much a picture shrinks to be at most so wide, and at most twice as high as that; it never grows."""
    return min(1.0, width / size[0], TALLEST * width / size[1])


def _shrunk(image: Image.Image) -> Image.Image:
    """RGB, RGBA or CMYK, and about twice as large as our largest file where the picture was larger than that.

    Worked on by strips, so that no second copy of all its pixels is ever made. Of an animation it is the first frame.
    """
    scale = _scale(image.size, WIDTHS[0])
    image.draft(None, (int(image.width * scale * 2), int(image.height * scale * 2)))  # a JPEG decodes to less at once
    image.load()
    factor = max(1, int(1 / (_scale(image.size, WIDTHS[0]) * 2)))
    across = min(factor, image.width)
    mode = "CMYK" if image.mode == "CMYK" else "RGBA" if image.has_transparency_data else "RGB"
    shrunk = Image.new(mode, (math.ceil(image.width / across), math.ceil(image.height / factor)))
    rows = factor * max(1, _STRIP_PIXELS // (image.width * factor))
    for top in range(0, image.height, rows):
        strip = _eight_bits(image.crop((0, top, image.width, min(top + rows, image.height)))).convert(mode)
        shrunk.paste(strip.reduce((across, min(factor, strip.height))), (0, top // factor))
    return shrunk


def _eight_bits(strip: Image.Image) -> Image.Image:
    if strip.mode not in _SIXTEEN_BITS:
        return strip
    return strip.convert("I").point(_to_eight_bits).convert("L")


def _to_eight_bits(value: Any) -> Any:
    """Pillow reads the factor off this."""
    return value * (1 / 257)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours that the picture's own profile means; without a profile, or with one that is broken, as they are."""
    mode = "RGB" if picture.mode == "CMYK" else picture.mode
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, meant, ImageCms.createProfile("sRGB"), outputMode=mode)
            if converted is not None:
                return converted
    return picture.convert(mode)


def _upright(picture: Image.Image, image: Image.Image) -> Image.Image:
    """Turned as its EXIF says that the camera was held."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, struct.error):  # EXIF may be nonsense
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _fitting(picture: Image.Image, width: int) -> Image.Image:
    """Its pixels alone, in a new image of at most this width."""
    scale = _scale(picture.size, width)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    clean = Image.new(picture.mode, size)
    clean.paste(picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS))
    return clean


def _webps(largest: Image.Image) -> Iterator[tuple[str, bytes]]:
    """Each width's file. A picture that is narrower than one has the same file there as it has below."""
    known: dict[tuple[int, int], bytes] = {}
    for width in WIDTHS:
        picture = _fitting(largest, width)
        if picture.size not in known:
            known[picture.size] = _saved(picture, "WEBP", quality=_WEBP_QUALITY, method=4)
        yield f"{width}.webp", known[picture.size]


def _on_white(picture: Image.Image) -> Image.Image:
    flat = Image.new("RGB", picture.size, _WHITE)
    flat.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return flat


def _preview(largest: Image.Image) -> bytes:
    """What a chat shows of a link: all of the picture on white, since the edge of a product is part of it."""
    flat = _on_white(largest)
    flat.thumbnail(PREVIEW, Image.Resampling.LANCZOS)
    card = Image.new("RGB", PREVIEW, _WHITE)
    card.paste(flat, ((PREVIEW[0] - flat.width) // 2, (PREVIEW[1] - flat.height) // 2))
    saved = b""
    for quality in _PREVIEW_QUALITIES:
        saved = _saved(card, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(saved) < PREVIEW_BYTES:
            break
    return saved


def _dominant(largest: Image.Image) -> str:
    """The colour that most pixels are near to, as in `#d9c7a0`."""
    small = _on_white(largest)
    small.thumbnail((64, 64))
    few = small.quantize(8)
    most = few.histogram().index(max(few.histogram()))
    red, green, blue = (few.getpalette() or [])[3 * most : 3 * most + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
