"""kill -9 while a picture comes in (fault K17): no row points to a missing file, and no file stays without a row."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mestore.catalog.images import remove_unused_files
from mestore.catalog.models import Product, ProductImage
from mestore.media.service import NAMES
from mestore.users.models import User
from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.make import Make
from tests.media import hostile
from tests.rows import Rows


async def upload(api: Api, product: Product, seller: User) -> httpx.Response:
    files = {"file": ("a.jpg", hostile.picture("PNG", (1_300, 1_300)), "image/png")}
    return await api.request("POST", f"/api/v1/products/{product.id}/images", by=seller, files=files)


@pytest.mark.parametrize(
    ("failpoint", "left"),
    [("file_stored@1", 1), ("file_stored@4", 4), ("picture_stored", 6), ("before_request_commit", 6)],
)
async def test_k17_the_api_dies_during_an_upload(
    failpoint: str, left: int, system: RunningSystem, api: Api, make: Make, rows: Rows
) -> None:
    vendor = await make.vendor()
    product, seller = await make.product(vendor=vendor), await make.owner(vendor)
    kept = (await upload(api, product, seller)).json()
    before = files_of(system)
    system.restart("api", failpoints={failpoint: "kill"})
    with pytest.raises(httpx.TransportError):
        await upload(api, product, seller)
    system.restart("api")
    assert len(files_of(system)) - len(before) == left
    world = api._world
    await remove_unused_files(replace(world, now=lambda: world.now() + timedelta(minutes=70)))
    images: Sequence[ProductImage] = await rows.all(ProductImage)
    assert files_of(system) == {f"{image.folder}/{name}" for image in images for name in NAMES}
    answer = await upload(api, product, seller)
    assert (answer.status_code, answer.json()["position"]) == (201, 2)
    for url in kept["urls"].values():
        assert (await api.get(url)).status_code == 200


def files_of(system: RunningSystem) -> set[str]:
    store = system.folder / "media"
    return {path.relative_to(store).as_posix() for path in Path(store).rglob("*") if path.is_file()}
