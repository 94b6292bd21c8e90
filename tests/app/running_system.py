"""The whole marketplace as real processes on free ports, for tests that kill parts of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import pytest

from mestore.app import migrations, seed
from mestore.app.embedded import EmbeddedPostgres, EmbeddedServer, EmbeddedValkey
from mestore.app.processes import die_with_parent
from mestore.core.settings import Settings
from tests.sandbox.running import RunningSandbox, eventually, free_port

START_SECONDS = 60.0
STOP_SECONDS = 30.0
SERVERS = ("postgres", "valkey")
PROGRAMS = ("sandbox", "worker", "api")
NAMES = (*SERVERS, *PROGRAMS)

Failpoints = Mapping[str, str]
_NOTHING: dict[str, str] = {}


@dataclass(frozen=True)
class _Program:
    name: str
    command: Callable[[], list[str]]
    healthy: Callable[[], bool]
    prepare: Callable[[], None]
    stop_signal: signal.Signals = signal.SIGTERM


CROWDS_ARE_NO_FRAUD: Mapping[str, str] = {
    f"MESTORE_FRAUD_{fact}": "[[1000000, 0], [1000001, 0]]"
    for fact in ("ATTEMPTS", "ADDRESS_ATTEMPTS", "DEVICE_ATTEMPTS")
}
"""For a crowd of buyers that pays from one machine to one address: its payments do not wait for a person."""


class RunningSystem:
    """PostgreSQL, Valkey, sandbox, worker and API, each a process of its own, their data in `folder`.

    The data and the ports outlive `stop` and `kill`: a `start` goes on with them. `environment` is for all programs,
    and what `start` is given for those it starts, until they are started again. Use it in the main thread: the kernel
    ends a child when the thread that started it ends.

    `before_commit:kill` for the API ends one of Granian's workers, which Granian replaces; `worker` ends for good.
    """

    def __init__(
        self, folder: Path, *, environment: Mapping[str, str] = _NOTHING, durable: bool = True, api_workers: int = 1
    ) -> None:
        """Not `durable`, PostgreSQL may lose the last commits when it is killed."""
        self.folder = folder
        postgres, valkey = EmbeddedPostgres(folder, durable=durable), EmbeddedValkey(folder)
        self.api_port = free_port()
        self.api_url = f"http://127.0.0.1:{self.api_port}"
        self.database_url = postgres.url
        self.sandbox = RunningSandbox(
            folder / "sandbox", api_port=self.api_port, environment={"MESTORE_ENVIRONMENT": "test", **environment}
        )
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MESTORE_")} | {
            "PYTHONUNBUFFERED": "1",
            "MESTORE_ENVIRONMENT": "test",
            "MESTORE_DATA_DIR": str(folder),
            "MESTORE_DATABASE_URL": postgres.url,
            "MESTORE_REDIS_URL": valkey.url,
            "MESTORE_API_PORT": str(self.api_port),
            "MESTORE_API_WORKERS": str(api_workers),
            "MESTORE_SANDBOX_PORT": str(self.sandbox.port),
            "MESTORE_SANDBOX_SMTP_PORT": str(self.sandbox.smtp_port),
            "MESTORE_WOMPI_BASE_URL": self.sandbox.wompi_url,
            "MESTORE_WOMPI_CHECKOUT_URL": f"{self.sandbox.url}/wompi/p/",
            "MESTORE_PAYU_PAYMENTS_URL": f"{self.sandbox.url}/payu/payments-api/4.0/service.cgi",
            "MESTORE_PAYU_REPORTS_URL": f"{self.sandbox.url}/payu/reports-api/4.0/service.cgi",
            "MESTORE_PAYU_CHECKOUT_URL": f"{self.sandbox.url}/payu/ppp-web-gateway-payu/",
            "MESTORE_PAYU_NOTIFY_URL": f"{self.api_url}/api/v1/payments/webhook/payu",
            "MESTORE_EFECTY_BASE_URL": f"{self.sandbox.url}/payvalida",
            "MESTORE_PAYMENTS_RETURN_URL": f"{self.sandbox.url}/return",
            "MESTORE_MAIL_PORT": str(self.sandbox.smtp_port),
            "MESTORE_SMS_BASE_URL": f"{self.sandbox.url}/twilio",
            "MESTORE_LIMITS_FACTOR": "1000",
            **environment,
        }
        ready = folder / "worker.ready"
        python = [sys.executable, "-m", "mestore"]
        self._programs = {
            "postgres": _server(postgres),
            "valkey": _server(valkey),
            "worker": _Program(
                "worker", lambda: [*python, "worker"], ready.exists, lambda: ready.unlink(missing_ok=True)
            ),
            "api": _Program("api", lambda: [*python, "serve"], self._api_is_ready, lambda: None),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> Settings:
        """Those that the programs run with."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("MESTORE_")]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            return Settings()

    def start(self, *names: str, failpoints: Failpoints = _NOTHING, environment: Mapping[str, str] = _NOTHING) -> Self:
        """Starts the named ones (all, without names) side by side, and returns when they are healthy.

        The database is brought to the newest schema before the first program starts.
        """
        more = {**environment, **({"MESTORE_FAILPOINTS": json.dumps(dict(failpoints))} if failpoints else {})}
        wanted = names or NAMES
        self._start_all([name for name in SERVERS if name in wanted], more)
        if "postgres" in wanted:
            _outside_of_any_event_loop(lambda: migrations.upgrade(self.database_url))
        if "sandbox" in wanted:
            self.sandbox.environment |= dict(environment)
        self._start_all([name for name in PROGRAMS if name in wanted], more)
        return self

    def seed(self) -> None:
        """Fills the database with the demo catalogue."""
        settings = self.settings
        _outside_of_any_event_loop(lambda: seed.run(settings, if_empty=False))

    def stop(self, *names: str) -> None:
        """Ends the named ones in an orderly way (all, without names, the last started first)."""
        for name in [name for name in reversed(NAMES) if name in (names or NAMES)]:
            self._end(name, signal.SIGTERM)

    def kill(self, *names: str) -> None:
        """SIGKILL, for what the named ones started too, and returns when they are gone."""
        for name in names:
            self._end(name, signal.SIGKILL)

    def restart(
        self, *names: str, failpoints: Failpoints = _NOTHING, environment: Mapping[str, str] = _NOTHING
    ) -> None:
        """Starts those again that were stopped, killed or ended by a failpoint; one that runs is stopped first."""
        self.stop(*names)
        self.start(*names, failpoints=failpoints, environment=environment)

    def ended(self, name: str, seconds: float = 30) -> int:
        """Waits until it has ended by itself; its exit code, -9 after a SIGKILL."""
        return self._processes[name].wait(seconds)

    def is_running(self, name: str) -> bool:
        process = self._processes.get(name)
        return process is not None and process.poll() is None

    def log(self, name: str) -> str:
        """What it has written since the folder was made."""
        return self.sandbox.log() if name == "sandbox" else self._log_file(name).read_text(errors="replace")

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.sandbox.__exit__()

    def _start_all(self, names: Iterable[str], more: Mapping[str, str]) -> None:
        started = list(names)
        for name in started:
            if name != "sandbox":
                self._spawn(self._programs[name], more)
        if "sandbox" in started:
            self.sandbox.start()
        for name in started:
            if name != "sandbox":
                eventually(lambda name=name: self._healthy(name), START_SECONDS)  # type: ignore[misc]

    def _spawn(self, program: _Program, more: Mapping[str, str]) -> None:
        assert not self.is_running(program.name), f"{program.name} runs already"
        program.prepare()
        log = self._log_file(program.name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._processes[program.name] = subprocess.Popen(
                program.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**self.environment, **more},
                start_new_session=True,
                preexec_fn=die_with_parent(program.stop_signal),  # noqa: PLW1509 - one system call, prepared before
            )

    def _healthy(self, name: str) -> bool:
        assert self.is_running(name), f"{name} ended: {self.log(name)[-4000:]}"
        return self._programs[name].healthy()

    def _api_is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.api_url}/health/ready", timeout=5, trust_env=False).status_code == httpx.codes.OK
        return False

    def _end(self, name: str, with_signal: signal.Signals) -> None:
        if name == "sandbox":
            self.sandbox.stop(with_signal)
            return
        process = self._processes.pop(name, None)
        if process is None:
            return
        if with_signal == signal.SIGKILL:
            _kill_group(process)
        elif process.poll() is None:
            process.send_signal(self._programs[name].stop_signal)
        try:
            process.wait(STOP_SECONDS)
        finally:
            _kill_group(process)
            process.wait()

    def _log_file(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def _server(server: EmbeddedServer) -> _Program:
    return _Program(server.name, server.command, server.ready, server.prepare, server.stop_signal)


def _outside_of_any_event_loop(act: Callable[[], None]) -> None:
    """Both migrations and seed bring their own."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(act).result()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
