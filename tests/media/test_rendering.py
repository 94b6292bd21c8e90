"""What becomes of pictures: good ones, hostile ones, and how much memory they may take."""

import asyncio
import io
import subprocess
import sys
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops

from mestore.core.settings import MediaSettings
from mestore.media.errors import PictureUnreadable, TooManyPixels, WorkshopBusy
from mestore.media.headers import read_header
from mestore.media.rendering import Rendered, render
from mestore.media.service import NAMES
from tests.media import hostile

SETTINGS = MediaSettings()
Maker = Callable[[], bytes]


def opened(rendered: Rendered, name: str) -> Image.Image:
    return Image.open(io.BytesIO(rendered.files[name]))


@pytest.mark.parametrize("make", hostile.GOOD.values(), ids=hostile.GOOD.keys())
async def test_a_good_picture_becomes_all_our_files(make: Maker) -> None:
    rendered = await render(make(), SETTINGS)
    assert set(rendered.files) == set(NAMES)
    for name in NAMES:
        file = opened(rendered, name)
        assert file.format == ("JPEG" if name == "preview.jpg" else "WEBP")
        file.load()
        assert not {"exif", "icc_profile", "comment", "xmp"} & file.info.keys()
        if name != "preview.jpg":
            width = int(name.removesuffix(".webp"))
            assert file.width == min(width, rendered.width)
            assert file.height <= 2 * width
    assert opened(rendered, "1200.webp").size == (rendered.width, rendered.height)
    assert opened(rendered, "preview.jpg").size == (1200, 630)
    assert len(rendered.files["preview.jpg"]) < 300_000


@pytest.mark.parametrize("make", hostile.UNREADABLE.values(), ids=hostile.UNREADABLE.keys())
async def test_what_is_no_whole_picture_is_refused(make: Maker) -> None:
    with pytest.raises(PictureUnreadable):
        await render(make(), SETTINGS)


@pytest.mark.parametrize("make", hostile.TOO_MANY_PIXELS.values(), ids=hostile.TOO_MANY_PIXELS.keys())
async def test_too_many_pixels_are_refused_before_any_decoder_is_called(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    with pytest.raises(TooManyPixels):
        await render(make(), SETTINGS)


async def test_a_header_that_decoders_understand_otherwise_is_refused() -> None:
    with pytest.raises(PictureUnreadable):
        await render(hostile.two_frames(), SETTINGS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("size", [(1, 1), (17, 301), (640, 480)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_header_says_what_the_decoder_says(kind: str, size: tuple[int, int], mode: str) -> None:
    content = hostile.picture(kind, size, "RGB" if kind == "JPEG" else mode)
    header = read_header(content)
    assert (header.format, header.width, header.height) == (kind, *size)


async def test_a_picture_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    rendered = await render(hostile.turned(), SETTINGS)
    assert (rendered.width, rendered.height) == (480, 640)
    for content in rendered.files.values():
        assert not any(secret in content for secret in (b"Secret", b"Exif", b"GPS"))


async def test_an_upright_picture_shows_what_lay_on_its_side() -> None:
    """Orientation 6: the file's left edge is the top."""
    image = Image.new("RGB", (400, 200), "white")
    image.paste((200, 0, 0), (0, 0, 100, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    rendered = await render(hostile.saved(image, "PNG", exif=exif), SETTINGS)
    upright = opened(rendered, "1200.webp").convert("RGB")
    assert upright.size == (200, 400)
    red, _, blue = pixel(upright, 100, 20)
    assert red > 150
    assert blue < 100
    assert min(pixel(upright, 100, 380)) > 230


def pixel(image: Image.Image, across: int, down: int) -> tuple[int, ...]:
    found = image.getpixel((across, down))
    assert isinstance(found, tuple)
    return tuple(int(part) for part in found)


async def test_nothing_behind_the_picture_survives() -> None:
    for name in ("jpeg and a zip in one", "jpeg and a page in one"):
        rendered = await render(hostile.GOOD[name](), SETTINGS)
        for content in rendered.files.values():
            assert b"script" not in content
            assert b"PK\x03\x04" not in content


async def test_nothing_is_enlarged() -> None:
    rendered = await render(hostile.picture("PNG", (700, 350)), SETTINGS)
    widths = [opened(rendered, f"{width}.webp").width for width in (1200, 900, 600, 300, 150)]
    assert widths == [700, 700, 600, 300, 150]


async def test_transparency_is_kept_and_a_preview_has_white_there() -> None:
    rendered = await render(hostile.palette_with_transparency(), SETTINGS)
    largest = opened(rendered, "1200.webp")
    assert largest.mode == "RGBA"
    assert pixel(largest, 200, 390)[3] == 0
    assert pixel(largest, 200, 10)[3] == 255
    assert min(pixel(opened(rendered, "preview.jpg"), 600, 500)) > 240


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "png with transparency", "webp animated", "apng"])
async def test_the_dominant_colour_is_near_to_what_one_sees(name: str) -> None:
    rendered = await render(hostile.GOOD[name](), SETTINGS)
    found = tuple(bytes.fromhex(rendered.color[1:]))
    white, share = 255, 120 / 255 if "transparency" in name else 1
    wanted = [round(part * share + white * (1 - share)) for part in hostile.GREEN]
    assert all(abs(one - other) <= 6 for one, other in zip(found, wanted, strict=True)), (rendered.color, wanted)


async def test_sixteen_bits_are_as_bright_as_eight() -> None:
    rendered = await render(hostile.GOOD["png 16 bits"](), SETTINGS)
    assert abs(int(rendered.color[1:3], 16) - round(40_000 / 257)) <= 3


async def test_shrinking_by_strips_leaves_no_seam_and_moves_nothing() -> None:
    gradient = Image.linear_gradient("L").resize((5_003, 4_999))
    rendered = await render(hostile.saved(gradient, "PNG"), SETTINGS)
    shown = opened(rendered, "1200.webp").convert("L")
    wanted = gradient.resize(shown.size, Image.Resampling.LANCZOS)
    least, most = ImageChops.difference(shown, wanted).getextrema()
    assert isinstance(most, int)
    assert (least, most <= 6) == (0, True)


async def test_of_any_number_at_once_two_are_worked_on_and_the_last_are_told_to_come_back() -> None:
    answers = await asyncio.gather(
        *(render(hostile.picture("PNG", (64, 64)), SETTINGS) for _ in range(30)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, WorkshopBusy)]
    assert len(refused) == 30 - 18
    assert sum(isinstance(answer, Rendered) for answer in answers) == 18


MEASURE = """
import asyncio, gc, resource
from mestore.core.settings import MediaSettings
from mestore.core.errors import Refusal
from mestore.media.rendering import render
from tests.media import hostile

async def send(content):
    try:
        await render(content, MediaSettings())
    except Refusal:
        pass

async def all_of(pictures):
    for content in pictures:
        await send(content)

# They are made first, since making them takes memory, too.
pictures = [make() for group in (hostile.GOOD, hostile.UNREADABLE, hostile.TOO_MANY_PIXELS) for make in group.values()]
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # forget the peak of the making

def high_water():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

before = high_water()
asyncio.run(all_of(pictures))
print(high_water() - before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_process_that_receives_them_all_grows_by_less_than_100_megabytes() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    grown, workshop = map(int, done.stdout.splitlines()[-1].split())
    assert grown < 100_000, "KB"
    assert workshop < 1_000_000, "KB, of the largest workshop"
