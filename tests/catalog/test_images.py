"""A product's pictures: who may send them, how many, in which order, where they are fetched and what removes them."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mestore.catalog.images import remove_unused_files
from mestore.catalog.models import Product, ProductImage, ProductStatus
from mestore.core import failpoints
from mestore.core.database import transaction
from mestore.core.ids import new_uuid
from mestore.core.settings import MediaSettings
from mestore.core.world import World
from mestore.media.service import NAMES
from mestore.users.models import User
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make
from tests.media import hostile
from tests.problems import assert_problem, census
from tests.rows import Rows

Send = Callable[..., Awaitable[httpx.Response]]
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
async def product(make: Make) -> Product:
    return await make.product()


@pytest.fixture
async def seller(make: Make, product: Product) -> User:
    return await make.owner(await vendor_of(make, product))


async def vendor_of(make: Make, product: Product) -> Vendor:
    async with transaction(make._world.sessions) as session:
        return await session.get_one(Vendor, product.vendedor_id)


@pytest.fixture(autouse=True)
def empty_store(world: World) -> None:
    for folder in stored(world):
        shutil.rmtree(store_of(world) / folder)


@pytest.fixture
def send(api: Api, product: Product, seller: User) -> Send:
    async def send(content: bytes, *, by: User | None = seller, name: str = "a.jpg", **fields: str) -> httpx.Response:
        files = {"file": (name, content, "image/jpeg")}
        return await api.request("POST", path_of(product), by=by, files=files, data=fields)

    return send


def path_of(product: Product, image: Any = None) -> str:
    return f"/api/v1/products/{product.id}/images" + (f"/{image}" if image else "")


def store_of(world: World) -> Path:
    return world.settings.data_dir / "media"


def stored(world: World) -> set[str]:
    """The folders of pictures that there are."""
    return {folder.name for folder in store_of(world).iterdir()} if store_of(world).is_dir() else set()


async def shown(api: Api, product: Product) -> list[dict[str, Any]]:
    answer = await api.get(path_of(product))
    assert answer.status_code == 200
    images: list[dict[str, Any]] = answer.json()
    return images


async def test_a_picture_that_was_sent_is_shown_and_each_of_its_files_is_there(
    api: Api, product: Product, send: Send
) -> None:
    answer = await send(hostile.turned(), alt="  Bolsa de café ")
    assert answer.status_code == 201, answer.text
    image = answer.json()
    assert {"alt": "Bolsa de café", "position": 1, "width": 480, "height": 640}.items() <= image.items()
    assert re.fullmatch(r"#[0-9a-f]{6}", image["color"])
    assert set(image["urls"]) == {"1200", "900", "600", "300", "150", "preview"}
    assert await shown(api, product) == [image]
    for size, url in image["urls"].items():
        assert re.fullmatch(r"/media/[0-9a-f]{32}/[a-z0-9]+\.(webp|jpg)", url)
        file = await api.get(url)
        assert file.status_code == 200
        assert file.headers["content-type"] == ("image/jpeg" if size == "preview" else "image/webp")
        assert file.headers["cache-control"] == FOREVER
        assert file.headers["cross-origin-resource-policy"] == "cross-origin"
        assert file.headers["x-content-type-options"] == "nosniff"
        again = await api.get(url, headers={"If-None-Match": file.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == FOREVER


async def test_a_file_is_not_counted_by_any_limit(api: Api, send: Send) -> None:
    url = (await send(hostile.picture())).json()["urls"]["150"]
    assert "ratelimit" not in (await api.get(url)).headers


async def test_the_same_picture_sent_twice_is_two(api: Api, product: Product, send: Send) -> None:
    first, second = [(await send(hostile.picture())).json() for _ in range(2)]
    assert first["urls"]["600"] != second["urls"]["600"]
    assert [image["position"] for image in await shown(api, product)] == [1, 2]


@pytest.mark.parametrize(
    "path",
    [
        "/media",
        "/media/",
        f"/media/{'0' * 32}/600.webp",
        f"/media/{'0' * 32}/..%2f..%2fvalkey.conf",
        "/media/..%2f..%2fetc/passwd",
        "/media/../media/600.webp",
        f"/media/{'0' * 32}/601.webp",
        f"/media/{'0' * 32}",
        f"/media/{'g' * 32}/600.webp",
        f"/media/{'0' * 31}%0a/600.webp",
        f"/media/{'0' * 32}%00/600.webp",
        f"/media/{'0' * 10_000}/600.webp",
        f"/media/{'0' * 32}/{'9' * 10_000}",
    ],
)
async def test_no_path_but_a_files_own_leads_anywhere(path: str, api: Api) -> None:
    answer = await api.get(path)
    assert_problem(answer, 404, 422)


async def test_only_the_products_vendor_sends_moves_and_removes(
    api: Api, make: Make, rows: Rows, product: Product, send: Send
) -> None:
    image = (await send(hostile.picture())).json()
    other = await make.owner(await make.vendor())
    before = await census(rows)
    for by, status in ((None, 401), (await make.buyer(), 403), (other, 404)):
        assert_problem(await send(hostile.picture(), by=by), status)
        for method, body in (("PATCH", {"position": 1}), ("DELETE", None)):
            answer = await api.request(method, path_of(product, image["id"]), by=by, json=body)
            assert_problem(answer, status)
    after = await census(rows)
    for of_signing_in in ("users", "vendors", "user_sessions", "sessions"):
        before.pop(of_signing_in, None), after.pop(of_signing_in, None)
    assert before == after
    assert await shown(api, product) == [image]


async def test_what_is_sent_by_somebody_who_may_not_is_not_even_read(api: Api, product: Product) -> None:
    """Nor is what is sent to a product that has no room: the answer comes before the body does."""

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await api.request("POST", path_of(product), content=never(), headers=headers)
    assert_problem(answer, 401)


async def test_pictures_of_what_is_not_for_sale_are_nobodys_to_list(
    api: Api, rows: Rows, product: Product, send: Send
) -> None:
    await send(hostile.picture())
    for change in ("status = 'INACTIVE'", "status = 'APPROVED', deleted_at = now()"):
        await rows.execute(f"UPDATE products SET {change} WHERE id = :id", id=product.id)
        assert_problem(await api.get(path_of(product)), 404)
    assert_problem(await api.get(path_of(Product(id=new_uuid()))), 404)


async def test_a_draft_can_have_pictures_and_a_deleted_product_none(rows: Rows, product: Product, send: Send) -> None:
    await rows.execute(f"UPDATE products SET status = '{ProductStatus.DRAFT}'")
    assert (await send(hostile.picture())).status_code == 201
    await rows.execute("UPDATE products SET deleted_at = now()")
    assert_problem(await send(hostile.picture()), 404)


async def test_of_twelve_sent_at_once_ten_are_kept(
    api: Api, rows: Rows, world: World, product: Product, send: Send
) -> None:
    answers = await asyncio.gather(*(send(hostile.picture("PNG", (40, 40))) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 2
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert assert_problem(refused, 409)["most"] == 10
    assert [image["position"] for image in await shown(api, product)] == list(range(1, 11))
    assert stored(world) == {image.folder for image in await rows.all(ProductImage)}


HOSTILE = hostile.UNREADABLE | hostile.TOO_MANY_PIXELS


@pytest.mark.parametrize("make_it", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_picture_is_a_422_and_leaves_nothing(
    make_it: Callable[[], bytes], rows: Rows, world: World, send: Send
) -> None:
    assert_problem(await send(make_it()), 422)
    assert await rows.count(ProductImage) == 0
    assert stored(world) == set()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\\0.png", "a.php", "ñ" * 300, "C:\\x.gif"])
async def test_the_files_name_and_declared_type_mean_nothing(name: str, world: World, send: Send) -> None:
    answer = await send(hostile.picture("WEBP"), name=name)
    assert answer.status_code == 201, answer.text
    (folder,) = stored(world)
    assert {file.name for file in (store_of(world) / folder).iterdir()} == set(NAMES)


def form(*parts: bytes, boundary: bytes = b"x") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


FILE = b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + hostile.picture()
ALT = b'Content-Disposition: form-data; name="alt"\r\n\r\n'
MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (hostile.picture(), "image/jpeg", 415),
        (b"file=1", "application/x-www-form-urlencoded", 415),
        (form(FILE), "multipart/form-data", 422),
        (form(FILE), "multipart/form-data; boundary=" + "y" * 300, 422),
        (b"", MULTIPART, 422),
        (b"--x--\r\n", MULTIPART, 422),
        (b"nothing that a form begins with", MULTIPART, 422),
        (form(ALT + b"only words"), MULTIPART, 422),
        (form(FILE, FILE), MULTIPART, 422),
        (form(FILE, ALT + b"one", ALT + b"two"), MULTIPART, 422),
        (form(FILE, ALT.replace(b"alt", b"position") + b"1"), MULTIPART, 422),
        (form(FILE.replace(b'"file"', b'"archivo"')), MULTIPART, 422),
        (form(b"\r\n" + hostile.picture()), MULTIPART, 422),
        (form(b'Content-Disposition: form-data; name="file"\r\n\r\nwords'), MULTIPART, 422),
        (form(FILE, ALT + b"a" * 201), MULTIPART, 422),
        (form(FILE, ALT + b"a" * 9_000), MULTIPART, 422),
        (form(FILE, ALT + b"a\0b"), MULTIPART, 422),
        (form(FILE)[:-500], MULTIPART, 422),
        (form(FILE, ALT + b"Caf\xe9"), f"{MULTIPART}; charset=utf-16", 422),
    ],
)
async def test_a_form_that_is_none_is_refused(
    body: bytes, content_type: str, status: int, api: Api, rows: Rows, product: Product, seller: User
) -> None:
    headers = {"Content-Type": content_type}
    answer = await api.request("POST", path_of(product), by=seller, content=body, headers=headers)
    assert_problem(answer, status)
    assert await rows.count(ProductImage) == 0


async def test_a_picture_of_5_mib_is_taken_and_one_byte_more_is_not(rows: Rows, send: Send) -> None:
    most = MediaSettings().max_bytes
    padded = hostile.picture() + b"\0" * most
    assert (await send(padded[:most])).status_code == 201
    assert_problem(await send(padded[: most + 1]), 413)
    assert_problem(await send(padded + b"\0" * most), 413)
    assert await rows.count(ProductImage) == 1


async def test_every_other_address_keeps_its_limit(api: Api, product: Product) -> None:
    large = b" " * 2_000_000
    for path in ("/api/v1/products", path_of(product, new_uuid()), f"{path_of(product)}/x/images"):
        assert_problem(await api.request("POST", path, content=large), 413)


async def test_a_picture_that_moves_makes_the_others_room(api: Api, product: Product, seller: User, send: Send) -> None:
    names = {(await send(hostile.picture(), alt=alt)).json()["id"]: alt for alt in "abcd"}
    ids = {alt: image_id for image_id, alt in names.items()}

    async def order_after(alt: str, position: int) -> str:
        answer = await api.request("PATCH", path_of(product, ids[alt]), by=seller, json={"position": position})
        assert answer.status_code == 200, answer.text
        images = await shown(api, product)
        assert [image["position"] for image in images] == [1, 2, 3, 4]
        assert answer.json() in images
        return "".join(image["alt"] for image in images)

    assert await order_after("d", 1) == "dabc"
    assert await order_after("d", 3) == "abdc"
    assert await order_after("b", 2) == "abdc"
    assert await order_after("a", 10) == "bdca"


async def test_pictures_that_move_at_once_stay_in_an_order(
    api: Api, product: Product, seller: User, send: Send
) -> None:
    ids = [(await send(hostile.picture("PNG", (9, 9)))).json()["id"] for _ in range(4)]
    moves = [(image, place) for image in ids for place in (1, 4, 2)]
    answers = await asyncio.gather(
        *(api.request("PATCH", path_of(product, image), by=seller, json={"position": place}) for image, place in moves)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [image["position"] for image in await shown(api, product)] == [1, 2, 3, 4]


async def test_a_description_changes_alone(api: Api, product: Product, seller: User, send: Send) -> None:
    image = (await send(hostile.picture(), alt="antes")).json()
    answer = await api.request("PATCH", path_of(product, image["id"]), by=seller, json={"alt": "después"})
    assert answer.json() == image | {"alt": "después"}


async def test_a_removed_picture_leaves_no_gap(api: Api, product: Product, seller: User, send: Send) -> None:
    ids = [(await send(hostile.picture(), alt=alt)).json()["id"] for alt in "abc"]
    answer = await api.request("DELETE", path_of(product, ids[1]), by=seller)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [(image["alt"], image["position"]) for image in await shown(api, product)] == [("a", 1), ("c", 2)]
    assert_problem(await api.request("DELETE", path_of(product, ids[1]), by=seller), 404)


async def test_a_picture_of_another_product_is_not_found(
    api: Api, make: Make, product: Product, seller: User, send: Send
) -> None:
    image = (await send(hostile.picture())).json()
    other = await make.product(vendor=await vendor_of(make, product))
    assert_problem(await api.request("DELETE", path_of(other, image["id"]), by=seller), 404)
    assert await shown(api, product) == [image]


async def test_a_store_that_can_keep_nothing_is_a_503_without_a_row(
    api: Api, rows: Rows, send: Send, world: World
) -> None:
    """Where the folder should be is a file: as on a full disk, nothing can be written (fault F72)."""
    blocked = world.settings.data_dir / "blocked"
    blocked.write_text("")
    api._http._transport.app._app._app._state.world = replace(  # type: ignore[attr-defined]
        world, settings=world.settings.model_copy(update={"media": MediaSettings(folder=blocked)})
    )
    problem = assert_problem(await send(hostile.picture()), 503)
    assert problem["type"] == "/problems/storage-away"
    assert await rows.count(ProductImage) == 0


async def test_an_upload_that_dies_after_storing_leaves_files_that_the_janitor_takes_after_an_hour(
    api: Api, rows: Rows, world: World, product: Product, send: Send
) -> None:
    """Fault K17."""
    kept = (await send(hostile.picture())).json()
    (folder_of_kept,) = stored(world)
    failpoints.arm({"picture_stored": "raise"})
    try:
        assert (await send(hostile.picture())).status_code == 500
    finally:
        failpoints.arm({})
    assert await rows.count(ProductImage) == 1
    assert len(stored(world)) == 2
    await remove_unused_files(replace(world, now=lambda: world.now() + timedelta(minutes=50)))
    assert len(stored(world)) == 2
    await remove_unused_files(replace(world, now=lambda: world.now() + timedelta(minutes=70)))
    assert stored(world) == {folder_of_kept}
    assert (await api.get(kept["urls"]["1200"])).status_code == 200


async def test_a_file_left_half_written_goes_too(world: World) -> None:
    half = store_of(world) / ("0" * 32)
    half.mkdir(parents=True)
    (half / "1200.webp#1").write_bytes(b"RIFF")
    await remove_unused_files(world)
    assert half.exists()
    await remove_unused_files(replace(world, now=lambda: world.now() + timedelta(hours=2)))
    assert not half.exists()


async def test_files_of_removed_pictures_and_deleted_products_go(
    api: Api, rows: Rows, world: World, make: Make, product: Product, seller: User, send: Send
) -> None:
    image, _ = [(await send(hostile.picture())).json() for _ in range(2)]
    await api.request("DELETE", path_of(product, image["id"]), by=seller)
    later = replace(world, now=lambda: world.now() + timedelta(hours=2))
    await remove_unused_files(later)
    assert stored(world) == {row.folder for row in await rows.all(ProductImage)}
    await rows.execute("UPDATE products SET deleted_at = now()")
    await remove_unused_files(later)
    assert stored(world) == set()
    assert await rows.count(ProductImage) == 0
