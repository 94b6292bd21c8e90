"""`make bench ARGS="--products 1000000"`: fills a catalogue, measures, and prints a table of ratios.

Each ratio compares two things measured in turns within this run, so that what else the machine does weighs on both.
"""

import argparse
import asyncio
import functools
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from mestore.app.embedded import EmbeddedPostgres
from mestore.app.embedded_chroma import EmbeddedChroma
from tests.app.running_system import CROWDS_ARE_NO_FRAUD, RunningSystem
from tests.bench import catalogue, database, orders, purchases, vectors
from tests.bench.client import requests_per_second
from tests.bench.servers import Server, bare, serving
from tests.sandbox.running import free_port

LIST = "/api/v1/products"
SMALL = 10_000
ROUNDS = 5
CLIENTS = 16
BUYERS = 8
AHEAD = 8
"""How many requests a client has under way where answers are ready; one, where PostgreSQL is asked."""

Measure = Callable[[], float]
console = Console()


@dataclass
class Bench:
    system: RunningSystem
    products: int
    seconds: float
    table: Table

    def rate(self, server: Server, path: str, *, ahead: int = 1) -> Measure:
        return lambda: requests_per_second(server.port, path, seconds=self.seconds, connections=CLIENTS, ahead=ahead)

    def compare(self, what: str, measure: Measure, against: str, other: Measure, target: str) -> None:
        console.print(f"measuring: {what}, against {against}")
        measure(), other()
        pairs = [(measure(), other()) for _ in range(ROUNDS)]
        rate, base = (statistics.median(side) for side in zip(*pairs, strict=True))
        self.table.add_row(what, against, f"{rate:,.0f}", f"{base:,.0f}", f"{rate / base:.3g}", target)

    def hot(self) -> None:
        """Ready answers against the least that an application can do."""
        with serving(self.system) as api:
            detail = f"{LIST}/{httpx.get(f'{api.url}{LIST}?limit=1').json()['items'][0]['id']}"
            for name, path in (("hot list", LIST), ("hot detail", detail)):
                body = httpx.get(f"{api.url}{path}").content
                with bare(self.system.folder, body) as other:
                    self.compare(
                        name,
                        self.rate(api, path, ahead=AHEAD),
                        "a bare ASGI application",
                        self.rate(other, path, ahead=AHEAD),
                        "≥ 0.5, aim 0.8",
                    )
            megabytes = api.memory() / 2**20
            self.table.add_row("memory of the API process", "", f"{megabytes:,.0f} MB", "", "", "≤ 150 MB")

    def made_anew(self) -> None:
        """Answers that nobody kept, against PostgreSQL itself and against other sizes and places."""
        off = {"MESTORE_CACHE_SECONDS": "0"}
        small_url = EmbeddedPostgres(self.system.folder).url_for("small")
        deep = asyncio.run(database.cursor_of_page(self.system.database_url, 1_000, per_page=20))
        with (
            serving(self.system, off) as api,
            serving(self.system, off | {"MESTORE_DATABASE_URL": small_url}) as small,
        ):
            self.compare(
                "list without cache",
                self.rate(api, LIST),
                "its JSON by asyncpg",
                database.rate(self.system.database_url, clients=CLIENTS, seconds=self.seconds),
                "≥ 0.4, aim 0.7",
            )
            self.compare("page 1", self.rate(api, LIST), "page 1,000", self.rate(api, f"{LIST}?cursor={deep}"), "≤ 1.2")
            for name, path in (
                ("list", LIST),
                ("list by price in a category", f"{LIST}?sort=price&category=sala-1"),
                ("list by name of a shop", None),
                ("detail", ""),
            ):
                here, there = (self._path(server, path) for server in (api, small))
                self.compare(
                    f"{name}, {SMALL:,} products",
                    self.rate(small, there),
                    f"{self.products:,} products",
                    self.rate(api, here),
                    "≤ 1.3",
                )

    def finding(self) -> None:
        """Searches by words alone: a catalogue of this size has no vectors here, which would take an hour to make."""
        words = catalogue.WORDS
        with serving(self.system, {"MESTORE_CACHE_SECONDS": "0"}) as api, httpx.Client(base_url=api.url) as client:
            for name, paths, target in (
                (
                    "suggest, p95",
                    [f"{LIST}/suggest?q={word[:length]}" for word in words for length in (2, 3, 5)],
                    "< 20 ms",
                ),
                ("search by words, p95", [f"{LIST}/search?q={word} {word[:4]}" for word in words], ""),
            ):
                console.print(f"measuring: {name}")
                self.table.add_row(name, "", f"{_p95(client, paths):.1f} ms", "", "", target)

    def meaning(self) -> None:
        """Searches by words and vectors, of the small catalogue, each with a question that was not asked before."""
        url = EmbeddedPostgres(self.system.folder).url_for("small")
        chroma = EmbeddedChroma(self.system.folder, free_port())
        # Patient, so that no question is answered by words alone.
        patient = {"MESTORE_SEARCH_WAIT_SECONDS": "10", "MESTORE_CHROMA_TIMEOUT_SECONDS": "10"}
        own = {"MESTORE_CACHE_SECONDS": "0", "MESTORE_DATABASE_URL": url, "MESTORE_CHROMA_URL": chroma.url}
        name = f"search by words and meaning, {min(SMALL, self.products):,} products, p95"
        console.print(f"measuring: {name}")
        chroma.start()
        try:
            asyncio.run(vectors.fill(url, chroma.url))
            with serving(self.system, own | patient) as api, httpx.Client(base_url=api.url) as client:
                asked = [
                    [f"{LIST}/search?q={word} para {whom}" for word in catalogue.WORDS] for whom in ("ti", "la casa")
                ]
                assert client.get(asked[0][0]).json()["mode"] == "hybrid"
                self.table.add_row(name, "", f"{_p95(client, asked[1], warm=asked[0]):.1f} ms", "", "", "")
                megabytes = api.memory() / 2**20
            self.table.add_row("memory of the API process, with the embedder", "", f"{megabytes:,.0f} MB", "", "", "")
        finally:
            chroma.stop()

    def placing(self) -> orders.PlacingOrders:
        """Orders of two products by one worker, against the statements of one alone."""
        placing = orders.PlacingOrders(self.system, "orders")
        placing.prepare()
        with serving(self.system, {"MESTORE_DATABASE_URL": placing.url}) as api:
            for name, keys, target in (
                ("POST /orders, one worker", False, "≥ 0.15, aim 0.25"),
                ("with an Idempotency-Key", True, ""),
            ):
                self.compare(
                    name,
                    placing.api_rate(api, clients=CLIENTS, seconds=self.seconds, keys=keys),
                    "its statements by pgbench",
                    placing.pgbench_rate(clients=CLIENTS, seconds=self.seconds),
                    target,
                )
        return placing

    def buying(self, placing: orders.PlacingOrders) -> None:
        """Whole purchases with everything on this machine, and the events of gateways that are taken in.

        They have a database of their own: the orders that were only placed left jobs behind, which a worker would do.
        """
        shop = orders.PlacingOrders(self.system, "purchases")
        shop.prepare()
        patient = {**CROWDS_ARE_NO_FRAUD, "MESTORE_DATABASE_URL": shop.url}
        self.system.start("sandbox", "worker", "api", environment=patient)
        try:
            # The bank's page is there at once: what is measured is ours.
            self.system.sandbox.control("settle_delay", min=0, max=0)
            buying = purchases.Buying(self.system, shop)
            self.compare(
                f"whole purchases, {BUYERS} buyers",
                functools.partial(buying.rate, clients=BUYERS, seconds=6 * self.seconds),
                "POST /orders' statements by pgbench",
                placing.pgbench_rate(clients=CLIENTS, seconds=self.seconds),
                "≥ 40 a second, aim 100",
            )
        finally:
            self.system.stop("api", "worker", "sandbox")
        with serving(self.system, patient) as api:
            console.print("measuring: events of a gateway")
            take = functools.partial(
                purchases.events_per_second, self.system.settings, api.port, clients=CLIENTS, seconds=self.seconds
            )
            take()
            rate = statistics.median(take() for _ in range(ROUNDS))
            self.table.add_row("events of a gateway taken in", "", f"{rate:,.0f}", "", "", "≥ 500, aim 1,000")

    @staticmethod
    def _path(server: Server, path: str | None) -> str:
        """`""` is the newest product there, None the list of its shop."""
        if path:
            return path
        newest = httpx.get(f"{server.url}{LIST}?limit=1").json()["items"][0]
        return f"{LIST}/{newest['id']}" if path == "" else f"{LIST}?sort=name&vendor_id={newest['vendedor_id']}"


def _p95(client: httpx.Client, paths: list[str], *, warm: list[str] | None = None) -> float:
    """Milliseconds, one request after another; a first round, of the same or of `warm`, only warms up."""
    for path in warm or paths:
        client.get(path).raise_for_status()
    taken = []
    for path in paths:
        begin = time.perf_counter()
        client.get(path).raise_for_status()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.quantiles(taken, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--products", type=int, default=100_000, help="how many products the catalogue has")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each single measurement takes")
    chosen = parser.parse_args()
    table = Table(title=f"{chosen.products:,} products, {psutil.cpu_count()} cores; answers a second, and their ratio")
    for column in ("what", "against", "the one", "the other", "ratio", "target"):
        table.add_column(column, justify="left" if column in ("what", "against") else "right")
    with tempfile.TemporaryDirectory(prefix="mestore-bench-") as folder:
        # Its data may go with a power cut: writing is not what is measured.
        limits = {"MESTORE_LIMITS_FACTOR": "1000000", "MESTORE_LOG_LEVEL": "WARNING"}
        system = RunningSystem(Path(folder), durable=False, environment=limits).start("postgres", "valkey")
        try:
            catalogue.fill_two(system, small=min(SMALL, chosen.products), large=chosen.products)
            bench = Bench(system, chosen.products, chosen.seconds, table)
            bench.hot()
            bench.made_anew()
            bench.buying(bench.placing())
            bench.finding()
            bench.meaning()
        finally:
            system.stop()
    console.print(table)


if __name__ == "__main__":
    main()
