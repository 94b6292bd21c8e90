"""A world with a real ChromaDB: one for the run, begun by the first test that needs it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from mestore.app.embedded_chroma import EmbeddedChroma
from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.settings import ChromaSettings, SearchSettings, Settings
from mestore.core.world import World, open_world
from mestore.search.indexer import Indexer
from tests.conftest import remove_shipped_words
from tests.sandbox.running import free_port
from tests.search.proxy import Proxy


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedChroma]:
    chroma = EmbeddedChroma(tmp_path_factory.mktemp("chroma"), free_port())
    chroma.start()
    yield chroma
    chroma.stop()


@pytest.fixture(scope="session")
async def proxy(chroma: EmbeddedChroma) -> AsyncIterator[Proxy]:
    """Stands before ChromaDB; the API knows no other way to it."""
    async with Proxy(chroma.port) as proxy:
        yield proxy


@pytest.fixture(scope="session")
async def opened_world(settings: Settings, proxy: Proxy) -> AsyncIterator[World]:
    """Patient where nothing is away: the machine may be busy."""
    here = settings.model_copy(
        update={
            "chroma": ChromaSettings(url=proxy.url, timeout_seconds=10),
            "search": SearchSettings(wait_seconds=10, breaker_failures=3, breaker_seconds=0.3),
        }
    )
    async with open_world(here, utc_now, TASKS, name="test-search") as world:
        await remove_shipped_words(world)
        yield world


@pytest.fixture(name="index")
def _index(world: World) -> Callable[[], Awaitable[None]]:
    """Everything that waits, as the worker does it."""

    async def index() -> None:
        await Indexer(world).index_pending(10_000)

    return index


@pytest.fixture
async def busy() -> AsyncIterator[Callable[[Callable[[], Awaitable[None]]], None]]:
    """Does something again and again until the test ends; what it raises is the test's."""
    tasks: list[asyncio.Task[None]] = []
    ending = asyncio.Event()

    def begin(act: Callable[[], Awaitable[None]]) -> None:
        async def again_and_again() -> None:
            while not ending.is_set():
                await act()

        tasks.append(asyncio.create_task(again_and_again()))

    yield begin
    ending.set()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks)
