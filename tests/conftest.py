"""What every test stands on: real PostgreSQL and Valkey for the run, a database per worker, the API, the sandbox.

Tests commit for real, as production does. Each starts with empty tables, an empty Valkey and an empty sandbox.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mestore.app import migrations
from mestore.app.api import behind_gate, create_app
from mestore.app.embedded import EmbeddedPostgres, EmbeddedValkey
from mestore.app.models import metadata
from mestore.app.subscriptions import TASKS
from mestore.app.worker import drain as drain_queue
from mestore.core import logs
from mestore.core.clock import utc_now
from mestore.core.database import driver_of, transaction
from mestore.core.efecty_settings import EfectySettings
from mestore.core.market_settings import PaymentSettings, WompiSettings
from mestore.core.payu_settings import PayuSettings
from mestore.core.settings import (
    CacheSettings,
    DatabaseSettings,
    Environment,
    LimitSettings,
    MailSettings,
    RedisSettings,
    Settings,
    SmsSettings,
)
from mestore.core.world import World, open_world
from tests.api import Api
from tests.make import Make
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox, free_port

FOLDER = "MESTORE_TEST_FOLDER"
TEMPLATE = "test_template"


def pytest_configure(config: pytest.Config) -> None:
    """The process that leads the run starts the servers; its workers find them by their folder."""
    logs.configure("WARNING", readable=False)
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="mestore-test-"))
    os.environ[FOLDER] = str(folder)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    postgres, valkey = EmbeddedPostgres(folder / "servers", durable=False), EmbeddedValkey(folder / "servers")
    postgres.start()
    config.add_cleanup(postgres.stop)
    valkey.start()
    config.add_cleanup(valkey.stop)
    asyncio.run(_execute(postgres.url, f"CREATE DATABASE {TEMPLATE}"))
    migrations.upgrade(postgres.url_for(TEMPLATE))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def servers() -> Path:
    return Path(os.environ[FOLDER]) / "servers"


@pytest.fixture(scope="session")
def new_database(servers: Path) -> Callable[[str], str]:
    """Makes a migrated, empty database and gives its URL."""

    def make(name: str) -> str:
        postgres = EmbeddedPostgres(servers)
        asyncio.run(_execute(postgres.url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
        return postgres.url_for(name)

    return make


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    # Nothing listens at the port that events go to: a test delivers them itself, when it wants to.
    with RunningSandbox(tmp_path_factory.mktemp("sandbox"), api_port=free_port()) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def settings(
    new_database: Callable[[str], str],
    servers: Path,
    sandbox_process: RunningSandbox,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    return Settings(
        environment=Environment.TEST,
        limits=LimitSettings(factor=1_000_000),
        data_dir=tmp_path_factory.mktemp("data"),
        # Tests write rows past the services, which tell what they change; tests/core/test_hot_reads.py keeps answers.
        cache=CacheSettings(seconds=0),
        database=DatabaseSettings(url=new_database(f"test_{worker_id}"), pool_size=20),
        redis=RedisSettings(url=f"{EmbeddedValkey(servers).url}?db={number}", timeout_seconds=2),
        wompi=WompiSettings(
            base_url=sandbox_process.wompi_url,
            checkout_url=f"{sandbox_process.url}/wompi/p/",
            timeout_seconds=3,
            payment_url_wait_seconds=3,
        ),
        payu=PayuSettings(
            payments_url=f"{sandbox_process.url}/payu/payments-api/4.0/service.cgi",
            reports_url=f"{sandbox_process.url}/payu/reports-api/4.0/service.cgi",
            checkout_url=f"{sandbox_process.url}/payu/ppp-web-gateway-payu/",
            notify_url="http://127.0.0.1:9/payu",
            timeout_seconds=3,
        ),
        efecty=EfectySettings(base_url=f"{sandbox_process.url}/payvalida", timeout_seconds=3),
        payments=PaymentSettings(not_found_grace_seconds=0),
        mail=MailSettings(port=sandbox_process.smtp_port),
        sms=SmsSettings(base_url=f"{sandbox_process.url}/twilio", look_after_seconds=0),  # `drain` waits for all jobs
    )


@pytest.fixture(scope="session")
async def opened_world(settings: Settings) -> AsyncIterator[World]:
    async with open_world(settings, utc_now, TASKS, name="test") as world:
        await remove_shipped_words(world)
        yield world


async def remove_shipped_words(world: World) -> None:
    """The first test begins with empty tables too: the migrations bring synonyms."""
    async with transaction(world.sessions) as session:
        await session.execute(text("DELETE FROM search_synonyms"))


@pytest.fixture
async def world(opened_world: World) -> AsyncIterator[World]:
    yield opened_world
    tables = [*(table.name for table in metadata.sorted_tables), "pgqueuer", "pgqueuer_log", "pgqueuer_statistics"]
    async with transaction(opened_world.sessions) as session:
        # Foreign keys and the triggers that keep rows from being deleted are for everybody but this line.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        # All in one message: one for each table took longer than most tests do.
        await (await driver_of(session)).execute(";".join(f"DELETE FROM {table}" for table in tables))
    await opened_world.redis.flushdb()


@pytest.fixture
def sandbox(sandbox_process: RunningSandbox) -> RunningSandbox:
    """Empty, settling at once, and keeping its events until the test takes them."""
    sandbox_process.control("reset")
    sandbox_process.control("settle_delay", min=0, max=0)
    sandbox_process.control("events", paused=True)
    return sandbox_process


@pytest.fixture(scope="session")
def shared_app(settings: Settings) -> FastAPI:
    """For all tests: FastAPI prepares the routes with the first request, which takes longer than most tests do."""
    return create_app(settings)


@pytest.fixture
async def api(world: World, shared_app: FastAPI) -> AsyncIterator[Api]:
    shared_app.state.world = world
    transport = httpx.ASGITransport(behind_gate(shared_app, world.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Api(http, world)


@pytest.fixture
def make(world: World) -> Make:
    return Make(world)


@pytest.fixture
def rows(world: World) -> Rows:
    return Rows(world)


@pytest.fixture
def drain(world: World) -> Callable[[], Awaitable[None]]:
    """Runs the jobs that wait, and those that follow from them."""
    return lambda: drain_queue(world, TASKS)
