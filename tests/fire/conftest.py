"""The whole system as real processes, of which a test kills some."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.world import World, open_world
from tests.api import Api
from tests.app.running_system import CROWDS_ARE_NO_FRAUD, RunningSystem
from tests.make import Make
from tests.rows import Rows


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    environment = {
        "MESTORE_JOBS_HEARTBEAT_SECONDS": "1",
        "MESTORE_WOMPI_TIMEOUT_SECONDS": "3",
        "MESTORE_PAYMENTS_NOT_FOUND_GRACE_SECONDS": "0",
        "MESTORE_LIMITS_FACTOR": "1000",
        **CROWDS_ARE_NO_FRAUD,
    }
    with RunningSystem(tmp_path_factory.mktemp("system"), environment=environment) as system:
        system.sandbox.control("settle_delay", min=0, max=0)
        yield system


@pytest.fixture(scope="session")
async def _system_world(system: RunningSystem) -> AsyncIterator[World]:
    async with open_world(system.settings, utc_now, TASKS, name="test") as world:
        yield world


@pytest.fixture(scope="session")
def make(_system_world: World) -> Make:
    return Make(_system_world)


@pytest.fixture
def rows(_system_world: World) -> Rows:
    return Rows(_system_world)


@pytest.fixture
async def api(system: RunningSystem, _system_world: World) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=system.api_url, timeout=30, trust_env=False) as http:
        yield Api(http, _system_world)
