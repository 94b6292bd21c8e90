"""ChromaDB or the embedder away, silent or slow: a search answers all the same, and says how (faults F18, F19, F21)."""

import asyncio
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from mestore.app.api import behind_gate, create_app
from mestore.app.embedded_chroma import EmbeddedChroma
from mestore.app.processes import die_with_parent
from mestore.catalog.models import Product
from mestore.core.settings import ChromaSettings, EmbedderSettings, SearchSettings
from mestore.core.world import World
from mestore.search import tasks
from mestore.search.embedder import embedder_of
from mestore.search.indexer import Indexer
from tests.api import Api
from tests.make import Make
from tests.rows import Rows
from tests.sandbox.running import free_port
from tests.search.proxy import Proxy

SEARCH = "/api/v1/products/search?q=nevera"


@pytest.fixture(name="away")
async def _away(proxy: Proxy) -> AsyncIterator[Proxy]:
    """Whatever a test does to ChromaDB's address is undone."""
    yield proxy
    await proxy.close()
    await proxy.open()


@pytest.fixture(name="fridge")
async def _fridge(make: Make, world: World) -> Product:
    fridge = await make.product(name="Nevera Andina", description="Conserva la comida fría.")
    await Indexer(world).index_pending(100)
    return fridge


def api_with(world: World, **settings: object) -> Api:
    """The API on the same servers, with other settings."""
    other = replace(world, settings=world.settings.model_copy(update=settings))
    app = create_app(other.settings)
    app.state.world = other
    transport = httpx.ASGITransport(behind_gate(app, other.settings))
    return Api(httpx.AsyncClient(transport=transport, base_url="http://testserver"), other)


async def mode(api: Api) -> str:
    answer = await api.get(SEARCH)
    assert answer.status_code == 200, answer.text
    assert [item["name"] for item in answer.json()["items"]] == ["Nevera Andina"]
    return str(answer.json()["mode"])


def revive(chroma: EmbeddedChroma) -> None:
    """Not by `start`, which would wait, and the load with it."""
    chroma._process = subprocess.Popen(
        chroma.command(),
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one system call, prepared before the fork
    )


async def until(wanted: str, api: Api) -> None:
    async with asyncio.timeout(20):
        while await mode(api) != wanted:
            pass


async def test_a_killed_chromadb_during_a_load_of_searches_is_no_error_and_comes_back(
    world: World, make: Make, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chroma = EmbeddedChroma(tmp_path_factory.mktemp("killed"), free_port())
    chroma.start()
    settings = {"chroma": ChromaSettings(url=chroma.url, timeout_seconds=10)}
    try:
        api = api_with(world, **settings)
        await make.product(name="Nevera Andina")
        await Indexer(replace(world, settings=world.settings.model_copy(update=settings))).index_pending(100)
        assert await mode(api) == "hybrid"
        seen: Counter[str] = Counter()
        ending = asyncio.Event()

        async def load() -> None:
            while not ending.is_set():
                seen[await mode(api)] += 1

        loads = [asyncio.create_task(load()) for _ in range(4)]
        assert chroma._process is not None
        chroma._process.send_signal(signal.SIGKILL)
        await until("keyword", api)
        chroma._process.wait(5)
        revive(chroma)
        await until("hybrid", api)
        ending.set()
        await asyncio.gather(*loads)
        assert seen["keyword"] > 0
    finally:
        chroma.stop()


async def test_a_silent_chromadb_costs_a_second_and_then_nothing(world: World, away: Proxy, fridge: Product) -> None:
    search = SearchSettings(wait_seconds=1, breaker_failures=2, breaker_seconds=60)
    chroma = ChromaSettings(url=away.url, timeout_seconds=10)
    api = api_with(world, search=search, chroma=chroma)
    assert await mode(api) == "hybrid"
    away.be_silent()
    for _ in range(2):
        begin = time.monotonic()
        assert await mode(api) == "keyword"
        assert time.monotonic() - begin < 4
    before = away.connections
    assert [await mode(api) for _ in range(5)] == ["keyword"] * 5
    assert away.connections == before  # the breaker is open: nobody asks


async def test_the_breaker_closes_again_when_chromadb_is_back(world: World, away: Proxy, fridge: Product) -> None:
    search = SearchSettings(wait_seconds=5, breaker_failures=1, breaker_seconds=0.1)
    api = api_with(world, search=search, chroma=ChromaSettings(url=away.url, timeout_seconds=5))
    assert await mode(api) == "hybrid"
    await away.close()
    assert await mode(api) == "keyword"
    await away.open()
    await until("hybrid", api)


async def test_without_chromadb_set_searches_are_by_words(world: World, fridge: Product) -> None:
    assert await mode(api_with(world, chroma=ChromaSettings())) == "keyword"


async def test_an_index_of_another_model_is_not_asked(world: World, fridge: Product, rows: Rows, api: Api) -> None:
    await rows.execute("UPDATE search_collections SET model = 'another'")
    assert await mode(api) == "keyword"


async def test_an_embedder_that_is_away_leaves_searches_by_words_and_products_waiting(
    world: World, make: Make, rows: Rows, fridge: Product
) -> None:
    """Fault F21."""
    nowhere = EmbedderSettings(url=f"http://127.0.0.1:{free_port()}", passage_model=_model_of(world))
    assert await mode(api_with(world, embedder=nowhere)) == "keyword"
    other = await make.product(name="Silla")
    await tasks.index_waiting_products(replace(world, settings=world.settings.model_copy(update={"embedder": nowhere})))
    assert [row.product_id for row in await rows.execute("SELECT product_id FROM search_pending")] == [other.id]
    await tasks.index_waiting_products(world)
    assert await rows.execute("SELECT product_id FROM search_pending") == []
    assert not (await Indexer(world).differences()).any()


async def test_what_changes_while_chromadb_is_away_is_indexed_when_it_is_back(
    world: World, away: Proxy, make: Make, fridge: Product, drain: Callable[[], Awaitable[None]]
) -> None:
    await away.close()
    await make.product(name="Silla")
    await tasks.index_waiting_products(world)
    await away.open()
    assert len((await Indexer(world).differences()).missing) == 1
    await tasks.index_waiting_products(world)
    assert not (await Indexer(world).differences()).any()


async def test_a_keyword_answer_is_not_kept_by_caches(world: World, away: Proxy, fridge: Product) -> None:
    kept = {"cache": world.settings.cache.model_copy(update={"seconds": 60})}
    api = api_with(world, **kept)
    await away.close()
    answer = await api.get(SEARCH)
    assert (answer.json()["mode"], answer.headers["Cache-Control"]) == ("keyword", "no-store")
    await away.open()
    await until("hybrid", api)


async def test_health_says_that_chromadb_is_away_and_that_searches_are_served(world: World, away: Proxy) -> None:
    api = api_with(world)
    assert (await api.get("/health/ready")).json()["dependencies"]["chroma"] == "ok"
    await away.close()
    answer = await api.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["dependencies"]["chroma"] == "away"
    off = (await api_with(world, chroma=ChromaSettings()).get("/health/ready")).json()
    assert off["dependencies"]["chroma"] == "off"


def _model_of(world: World) -> str:
    """So that only its being away keeps it from being asked."""
    return embedder_of(world.settings.embedder, world.http).model
