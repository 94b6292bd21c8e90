"""The processes that are measured, each with one worker."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from tests.app.running_system import RunningSystem
from tests.sandbox.running import eventually, free_port

_NOTHING: dict[str, str] = {}
_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> int:
        """Bytes of the worker that answers; Granian's own process beside it does not count."""
        worker = max(psutil.Process(self.process.pid).children(recursive=True), key=lambda each: each.memory_info().rss)
        return int(worker.memory_info().rss)


@contextmanager
def serving(system: RunningSystem, environment: Mapping[str, str] = _NOTHING) -> Iterator[Server]:
    """The API, on the databases of `system` unless `environment` names others."""
    port = free_port()
    own = {"MESTORE_API_PORT": str(port), "MESTORE_DATA_DIR": str(system.folder / f"api-{port}")}
    command = [sys.executable, "-m", "mestore", "serve"]
    with _running(command, system.environment | own | dict(environment), port, "/health/live") as server:
        yield server


@contextmanager
def bare(folder: Path, body: bytes) -> Iterator[Server]:
    file = folder / "body"
    file.write_bytes(body)
    port = free_port()
    with _running([sys.executable, "-m", "tests.bench.bare", str(port), str(file)], os.environ, port, "/") as server:
        yield server


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], port: int, path: str) -> Iterator[Server]:
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(f"http://127.0.0.1:{port}{path}"), seconds=_START_SECONDS)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
