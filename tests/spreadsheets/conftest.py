"""A shop that sends files."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mestore.catalog.models import Category
from mestore.core.world import World
from mestore.users.models import User
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make

IMPORT, IMPORTS = "/api/v1/products/import", "/api/v1/products/imports"
Drain = Callable[[], Awaitable[None]]


@dataclass
class Shop:
    """A vendor at the API, with a category `cafe` to put things in."""

    vendor: Vendor
    owner: User
    category: Category
    api: Api
    drain: Drain

    async def send(
        self, content: bytes, *, by: User | None = None, name: str = "p.csv", query: str = ""
    ) -> httpx.Response:
        files = {"file": (name, content, "application/octet-stream")}
        return await self.api.request("POST", IMPORT + query, by=by or self.owner, files=files)

    async def imported(self, content: bytes, *, query: str = "") -> dict[str, Any]:
        """The import of a file when its job has run."""
        sent = await self.send(content, query=query)
        assert sent.status_code == 202, sent.text
        await self.drain()
        seen: dict[str, Any] = (await self.api.get(f"{IMPORTS}/{sent.json()['id']}", by=self.owner)).json()
        return seen

    async def report(self, done: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
        answer = await self.api.get(f"{IMPORTS}/{done['id']}/rows?limit=100{query}", by=self.owner)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["items"]
        return rows


@pytest.fixture
async def shop(api: Api, make: Make, drain: Drain) -> Shop:
    vendor = await make.vendor()
    return Shop(vendor, await make.owner(vendor), await make.category(slug="cafe", name="Café"), api, drain)


class Waiting:
    """The folder where files wait for their import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return sorted(file.name for file in self.folder.iterdir())

    def remove_all(self) -> None:
        for file in self.folder.iterdir():
            file.unlink()


@pytest.fixture
def waiting(world: World) -> Waiting:
    """Empty at first."""
    folder = world.settings.data_dir / "imports"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Waiting(folder)
