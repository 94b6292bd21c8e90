"""`python -m tests.measure_import`: how long a file of 20,000 products takes, and how much memory.

API and worker run as real processes, and are looked at ten times a second with all that they start: the worker's
memory is all that it has, the API's what it takes beyond what it had before. Each format is imported three times: into
an empty shop, again as it is, and again with every price and stock changed; then everything is exported. The promise is
less than two minutes and less than 200 MB for each.
"""
# ruff: noqa: T201

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.world import open_world
from mestore.users.models import User
from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.make import Make
from tests.rows import Rows
from tests.spreadsheets.files import csv_file, xlsx_file

LONGEST_SECONDS = 120
MOST_BYTES = 200_000_000
PATH = "/api/v1/products"
HEADER = (
    "sku",
    "name",
    "description",
    "category",
    "brand",
    "precio_venta",
    "precio_costo",
    "stock",
    "weight_kg",
    "tags",
)
FORMATS: dict[str, Callable[..., bytes]] = {"csv": csv_file, "xlsx": xlsx_file}


class Memory:
    """The most that a process and all below it have used since it was last asked, beyond what counts as its own."""

    def __init__(self, name: str, pid: int, *, only_growth: bool) -> None:
        self.name = name
        self._process = psutil.Process(pid)
        self._most = self._own = 0
        if only_growth:
            self.look()
            self._own = self.taken()

    def look(self) -> None:
        used = -self._own
        for each in (self._process, *self._process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                used += each.memory_info().rss
        self._most = max(self._most, used)

    def taken(self) -> int:
        most, self._most = self._most, 0
        return most


@dataclass
class Measured:
    what: str
    seconds: float
    memory: dict[str, int]

    def __str__(self) -> str:
        memory = ", ".join(f"{name} {used / 1e6:.0f} MB" for name, used in self.memory.items())
        return f"{self.what:<28} {self.seconds:6.1f} s   {memory}"

    def keeps_promise(self) -> bool:
        return self.seconds < LONGEST_SECONDS and max(self.memory.values()) < MOST_BYTES


def products(count: int, *, more: int) -> list[tuple[object, ...]]:
    description = "Hecho a mano en Colombia, con materiales de la región y garantía de la tienda. " * 3
    return [
        (
            f"SKU-{number}",
            f"Producto artesanal número {number}",
            description,
            "artesanias",
            f"Marca {number % 100}",
            20_000 + number + more,
            10_000 + number,
            number % 500 + more,
            0.25,
            "hecho a mano|colombia",
        )
        for number in range(count)
    ]


async def watched(api: Api, owner: User, memories: list[Memory], what: str, sheet: bytes) -> Measured:
    """One import, from the first byte that is sent to the end of its job."""
    for memory in memories:
        memory.taken()
    started = time.perf_counter()
    sending = asyncio.create_task(
        api.request("POST", f"{PATH}/import", by=owner, files={"file": ("p", sheet)}, timeout=60)
    )
    seen: dict[str, object] = {}
    while seen.get("ended_at") is None:
        for memory in memories:
            memory.look()
        await asyncio.sleep(0.1)
        if sending.done():
            accepted = sending.result().json()
            seen = (await api.get(f"{PATH}/imports/{accepted['id']}", by=owner)).json()
    print(f"  {seen['status']}, {seen['outcomes']}", flush=True)
    return Measured(what, time.perf_counter() - started, {memory.name: memory.taken() for memory in memories})


async def exported(api: Api, owner: User, memories: list[Memory], kind: str) -> Measured:
    for memory in memories:
        memory.taken()
    started = time.perf_counter()
    reading = asyncio.create_task(api.get(f"{PATH}/export?format={kind}", by=owner, timeout=120))
    while not reading.done():
        for memory in memories:
            memory.look()
        await asyncio.sleep(0.1)
    print(f"  {len(reading.result().content):,} bytes", flush=True)
    seconds = time.perf_counter() - started
    return Measured(f"{kind} export", seconds, {memory.name: memory.taken() for memory in memories})


async def measure(system: RunningSystem, count: int) -> list[Measured]:
    memories = [
        Memory("worker", system._processes["worker"].pid, only_growth=False),
        Memory("API +", system._processes["api"].pid, only_growth=True),
    ]
    found = []
    async with (
        open_world(system.settings, utc_now, TASKS, name="measure") as world,
        httpx.AsyncClient(base_url=system.api_url) as http,
    ):
        make, api, rows = Make(world), Api(http, world), Rows(world)
        await make.category(slug="artesanias", name="Artesanías")
        for kind, file in FORMATS.items():
            owner = await make.owner(await make.vendor())
            first, other = (file(*products(count, more=more), header=HEADER) for more in (0, 7))
            for what, sheet in ((f"{kind} new", first), (f"{kind} the same again", first), (f"{kind} changed", other)):
                found.append(await watched(api, owner, memories, what, sheet))
            found.append(await exported(api, owner, memories, kind))
        assert [tuple(row) for row in await rows.execute("SELECT count(*) FROM products")] == [(2 * count,)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the import and export of products.")
    parser.add_argument("--products", type=int, default=20_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mestore-measure-") as folder,
        RunningSystem(Path(folder) / "data", durable=False) as system,
    ):
        found = asyncio.run(measure(system, options.products))
    print(f"\n{options.products:,} products", *found, sep="\n")
    return 0 if all(each.keeps_promise() for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
