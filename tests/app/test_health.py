"""Health and readiness of real processes, while what they depend on is restarted, away or hanging."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.world import World, open_world
from tests.app.running_system import RunningSystem
from tests.auth.people import ANA, PASSWORD
from tests.make import PSE, SHIPPING, Make
from tests.rows import Rows
from tests.sandbox.running import eventually

ALL_WELL = {"postgresql": "ok", "redis": "ok", "worker": "ok", "chroma": "off"}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    # Nothing is kept ready: what is told here is told by PostgreSQL being asked.
    unkept = {"MESTORE_CACHE_SECONDS": "0"}
    with RunningSystem(tmp_path_factory.mktemp("system"), durable=False, environment=unkept) as system:
        yield system


@pytest.fixture(scope="module")
def client(system: RunningSystem) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.api_url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def buyer(system: RunningSystem, client: httpx.Client) -> dict[str, str]:
    """What signs in the one buyer there is."""
    assert client.post("/api/v1/auth/register", json=ANA).status_code == 201
    return {"Authorization": f"Bearer {sign_in(client).json()['access_token']}"}


@pytest.fixture(scope="module")
def product_id(system: RunningSystem) -> str:
    return str(in_world(system, lambda world: Make(world).product(stock=1_000)).id)


def in_world(system: RunningSystem, act: Callable[[World], Any]) -> Any:
    async def run() -> Any:
        async with open_world(system.settings, utc_now, TASKS, name="test") as world:
            return await act(world)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


def sign_in(client: httpx.Client) -> httpx.Response:
    return client.post("/api/v1/auth/login", json={"email": ANA["email"], "password": PASSWORD})


def order(client: httpx.Client, buyer: dict[str, str], product_id: str) -> httpx.Response:
    items = [{"product_id": product_id, "quantity": 1}]
    return client.post("/api/v1/orders", json={"items": items, "shipping_info": SHIPPING}, headers=buyer)


def ready(client: httpx.Client) -> httpx.Response:
    return client.get("/health/ready")


def seconds_of(act: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    begin = time.monotonic()
    return act(), time.monotonic() - begin


@contextmanager
def frozen(system: RunningSystem, name: str) -> Iterator[None]:
    """It is there and accepts connections, and does nothing: SIGSTOP for it and all that it started."""
    process = psutil.Process(system._processes[name].pid)
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.suspend()
    try:
        yield
    finally:
        for member in family:
            member.resume()


def test_with_all_parts_it_is_ready(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    assert ready(client).json() == {"status": "ok", "dependencies": ALL_WELL}


def test_f01_a_restart_of_postgresql_is_503_and_never_500(system: RunningSystem, client: httpx.Client) -> None:
    """Readiness goes and comes back, liveness stays, and the first request afterwards meets no stale connection."""
    stop, seen = threading.Event(), []

    def shop() -> None:
        with httpx.Client(base_url=system.api_url, timeout=30, trust_env=False) as shopper:
            while not stop.is_set():
                seen.append(shopper.get("/api/v1/products"))

    with ThreadPoolExecutor(4) as shoppers:
        shopping = [shoppers.submit(shop) for _ in range(4)]
        try:
            eventually(lambda: len(seen) > 20)
            system.stop("postgres")
            away = ready(client)
            alive = client.get("/health/live")
            eventually(lambda: seen[-1].status_code == 503)
        finally:
            stop.set()
        for each in shopping:
            each.result()
    system.start("postgres")
    assert client.get("/api/v1/products").status_code == 200
    assert {answer.status_code for answer in seen} == {200, 503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in [away, *seen] if answer.status_code == 503)
    assert (away.status_code, away.json()["status"]) == (503, "unavailable")
    assert away.json()["dependencies"] == {
        "postgresql": "away",
        "redis": "ok",
        "worker": "unknown",
        "chroma": "off",
    }
    assert alive.status_code == 200
    eventually(lambda: ready(client).json()["dependencies"] == ALL_WELL, 30)


def test_f04_postgresql_that_hangs_is_503_soon_and_liveness_answers(
    system: RunningSystem, client: httpx.Client, buyer: dict[str, str]
) -> None:
    def bounded(path: str) -> tuple[int, float]:
        with httpx.Client(base_url=system.api_url, timeout=30, trust_env=False, headers=buyer) as one:
            answer, seconds = seconds_of(lambda: one.get(path))
            return answer.status_code, seconds

    assert client.get("/api/v1/orders", headers=buyer).status_code == 200
    with frozen(system, "postgres"), ThreadPoolExecutor(12) as clients:
        waiting = [clients.submit(bounded, "/api/v1/orders") for _ in range(10)]
        live, seconds = seconds_of(lambda: client.get("/health/live"))
        assert (live.status_code, seconds < 1) == (200, True)
        answer, seconds = seconds_of(lambda: ready(client))
        assert (answer.status_code, seconds < 2) == (503, True)
        figures, seconds = seconds_of(lambda: client.get("/metrics"))
        assert (figures.status_code, seconds < 2) == (200, True)
        assert "mestore_database_up 0.0" in figures.text
        answers = [each.result() for each in waiting]
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < 6
    assert client.get("/api/v1/orders", headers=buyer).status_code == 200
    eventually(lambda: ready(client).json()["dependencies"] == ALL_WELL, 30)


def test_f14_redis_that_hangs_delays_a_little_and_stops_nothing(
    system: RunningSystem, client: httpx.Client, buyer: dict[str, str], product_id: str
) -> None:
    with frozen(system, "valkey"):
        answer, seconds = seconds_of(lambda: ready(client))
        assert (answer.status_code, answer.json()["status"], seconds < 2) == (200, "degraded", True)
        assert answer.json()["dependencies"] == ALL_WELL | {"redis": "away"}
        answer, seconds = seconds_of(lambda: sign_in(client))
        assert (answer.status_code, seconds < 2) == (200, True)
        answer, seconds = seconds_of(lambda: order(client, buyer, product_id))
        assert (answer.status_code, seconds < 2) == (201, True)
    assert ready(client).json()["dependencies"] == ALL_WELL


def test_f11_redis_away_at_the_start_is_degraded_and_comes_back(
    system: RunningSystem, client: httpx.Client, buyer: dict[str, str], product_id: str
) -> None:
    system.stop("api")
    system.kill("valkey")
    system.start("api")
    answer = ready(client)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["dependencies"] == ALL_WELL | {"redis": "away"}
    assert sign_in(client).status_code == 200
    assert order(client, buyer, product_id).status_code == 201
    system.start("valkey")
    assert ready(client).json()["dependencies"] == ALL_WELL


def test_a_worker_that_is_gone_is_seen(system: RunningSystem, client: httpx.Client) -> None:
    async def half_a_minute_later(world: World) -> None:
        await Rows(world).execute(
            """UPDATE pgqueuer_schedules SET heartbeat = heartbeat - interval '31 seconds',
            last_run = last_run - interval '31 seconds'"""
        )

    system.kill("worker")
    in_world(system, half_a_minute_later)
    answer = ready(client)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["dependencies"] == ALL_WELL | {"worker": "away"}
    system.start("worker")
    eventually(lambda: ready(client).json()["dependencies"] == ALL_WELL, 30)


def test_k19_the_api_ends_when_the_requests_in_flight_are_answered(
    system: RunningSystem, client: httpx.Client, buyer: dict[str, str], product_id: str
) -> None:
    placed = order(client, buyer, product_id).json()
    wanted = {"order_id": placed["id"], "payment_method": "PSE", "payment_data": PSE}
    system.sandbox.control("fail_next", call="POST /transactions", mode="slow", seconds=2, times=1)
    with ThreadPoolExecutor(1) as one:
        paying = one.submit(lambda: client.post("/api/v1/payments/process", json=wanted, headers=buyer))
        eventually(system.sandbox.transactions)
        system.stop("api")
        assert paying.result().status_code == 200
