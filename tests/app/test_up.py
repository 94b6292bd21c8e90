"""`mestore up` as a person runs it: one story with the real programs, all of them killed on the way."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from mestore.app.embedded import EmbeddedPostgres

PROGRAMS = ("postgres", "valkey", "chroma", "sandbox", "worker", "api")


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(condition: Callable[[], bool], what: Callable[[], str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come true in time: {what()}"
        time.sleep(0.05)


class Marketplace:
    """A data folder with ports of its own, and the `mestore up` that runs on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.output = data_dir.parent / "output"
        api, sandbox, smtp, chroma = free_ports(4)
        self.api = f"http://127.0.0.1:{api}"
        settings = {
            "DATA_DIR": str(data_dir),
            "API_PORT": str(api),
            "API_WORKERS": "2",
            "SANDBOX_PORT": str(sandbox),
            "SANDBOX_SMTP_PORT": str(smtp),
            "CHROMA_PORT": str(chroma),
        }
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MESTORE_")}
        self.environment |= {f"MESTORE_{name}": value for name, value in settings.items()}
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mestore", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def up(self) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mestore", "up"], env=self.environment, stdout=output, stderr=output
            )
        self.wait_until_said("MeStore is ready")

    def wait_until_said(self, text: str) -> None:
        wait_until(lambda: self.said(text), self.output.read_text)

    def said(self, text: str) -> bool:
        return text in self.output.read_text()

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def ask(self, query: str) -> object:
        async def ask() -> object:
            connection = await asyncpg.connect(EmbeddedPostgres(self.data_dir).url)
            try:
                return await connection.fetchval(query)
            finally:
                await connection.close()

        return asyncio.run(ask())


@pytest.fixture(name="marketplace", scope="module")
def _marketplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marketplace]:
    marketplace = Marketplace(tmp_path_factory.mktemp("up") / "data")
    marketplace.up()
    yield marketplace
    assert marketplace.process is not None
    marketplace.process.terminate()
    marketplace.process.wait(60)


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def test_a_second_one_says_where_the_first_runs(marketplace: Marketplace) -> None:
    second = marketplace.command("up")
    assert second.returncode == 0
    assert f"already runs on {marketplace.data_dir}" in second.stdout
    assert marketplace.api in second.stdout


def test_other_commands_find_the_database_that_runs(marketplace: Marketplace, tmp_path: Path) -> None:
    assert marketplace.command("migrate").returncode == 0
    elsewhere = Marketplace(tmp_path)
    failed = elsewhere.command("migrate")
    assert failed.returncode == 1
    assert failed.stderr.startswith("mestore: no database: ")
    assert str(tmp_path) in failed.stderr


def test_a_taken_port_is_one_sentence(marketplace: Marketplace, tmp_path: Path) -> None:
    other = Marketplace(tmp_path)
    other.environment["MESTORE_API_PORT"] = marketplace.environment["MESTORE_API_PORT"]
    failed = other.command("up")
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert f"port {marketplace.environment['MESTORE_API_PORT']}" in failed.stderr
    assert "MESTORE_API_PORT" in failed.stderr


def test_every_killed_program_comes_back(marketplace: Marketplace) -> None:
    assert marketplace.process is not None
    children = psutil.Process(marketplace.process.pid).children()
    assert len(children) == len(PROGRAMS)
    for child in children:
        child.kill()
    for program in PROGRAMS:
        marketplace.wait_until_said(f"{program} is back after")
        assert marketplace.said(f"{program} was ended by SIGKILL: starting it again")
    assert httpx.get(f"{marketplace.api}/health/ready").json()["status"] == "ok"


def test_a_killed_supervisor_leaves_nothing_and_the_next_goes_on(marketplace: Marketplace) -> None:
    assert marketplace.process is not None
    marketplace.ask("CREATE TABLE kept AS SELECT 7 AS number")
    family = marketplace.family()
    assert len([process for process in family if "serve" in process.cmdline()]) == 3
    marketplace.process.kill()
    marketplace.process.wait(10)
    wait_until(lambda: all_gone(family), lambda: f"the end of {family}", 15)

    marketplace.up()
    assert marketplace.ask("SELECT number FROM kept") == 7


def test_ctrl_c_lets_a_request_in_flight_finish_and_ends_all(marketplace: Marketplace) -> None:
    supervisor = marketplace.process
    assert supervisor is not None
    family = marketplace.family()
    waits = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%pgqueuer GROUP%')"
    )

    async def stop_while_the_figures_wait_for_a_lock() -> int:
        connection = await asyncpg.connect(EmbeddedPostgres(marketplace.data_dir).url)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE pgqueuer IN ACCESS EXCLUSIVE MODE")
                answer = asyncio.create_task(asyncio.to_thread(httpx.get, f"{marketplace.api}/metrics"))
                await asyncio.to_thread(
                    wait_until, lambda: marketplace.ask(waits) is True, lambda: "a request that waits"
                )
                supervisor.send_signal(signal.SIGINT)
                await asyncio.to_thread(marketplace.wait_until_said, "stopping api")
        finally:
            await connection.close()
        return (await answer).status_code

    assert asyncio.run(stop_while_the_figures_wait_for_a_lock()) == 200
    assert supervisor.wait(40) == 0
    wait_until(lambda: all_gone(family), lambda: f"the end of {family}", 5)
    assert not EmbeddedPostgres(marketplace.data_dir).socket_dir.exists()
