"""A real sandbox process for any test that needs a gateway, mails or SMS."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import psutil  # type: ignore[import-untyped]

START_SECONDS = 30.0
STOP_SECONDS = 15.0
CERTIFICATES = ssl.create_default_context()
"""Not needed by plain HTTP, and still read anew for each client that is not given some."""
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(condition: Callable[[], T], seconds: float = 10.0) -> T:
    """The condition's first true value, or a failure once the deadline is over."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not true within {seconds} s: {value!r}"
        time.sleep(0.02)
    return value


class RunningSandbox:
    """`python -m mestore.sandbox` on free ports; events go to `api_port`, and more `MESTORE_*` come by `environment`.

    The data outlive `stop()` and `kill()`: a second `start()` goes on with them, on the same ports.
    """

    def __init__(self, data_dir: Path, *, api_port: int = 8000, environment: dict[str, str] | None = None) -> None:
        self.port, self.smtp_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.wompi_url = f"{self.url}/wompi/v1"
        self.data_dir = data_dir
        self.environment = {
            **os.environ,
            "MESTORE_ENVIRONMENT": "test",
            "MESTORE_DATA_DIR": str(data_dir),
            "MESTORE_SANDBOX_PORT": str(self.port),
            "MESTORE_SANDBOX_SMTP_PORT": str(self.smtp_port),
            "MESTORE_API_PORT": str(api_port),
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def start(self) -> Self:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "sandbox.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mestore.sandbox"],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        eventually(self._healthy, START_SECONDS)
        return self

    def _healthy(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return self._client.get("/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def open_files(self) -> int:
        """How many the process has open, sockets included."""
        assert self._process is not None
        return int(psutil.Process(self._process.pid).num_fds())

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Ends the process, which is not there any more afterwards; answers its exit code."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(with_signal)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()

    def log(self) -> str:
        return (self.data_dir / "sandbox.log").read_text()

    def control(self, action: str, **values: Any) -> dict[str, Any]:
        response = self._client.post("/control/wompi", json={"action": action, **values})
        assert response.status_code == httpx.codes.OK, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def transactions(self) -> list[dict[str, Any]]:
        return self._list("/control/wompi/transactions")["transactions"]  # type: ignore[no-any-return]

    def deliveries(self, reference: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        return self.control("list_deliveries", reference=reference)["deliveries"]  # type: ignore[no-any-return]

    def events(self, reference: str | None = None) -> list[dict[str, Any]]:
        """Newest first, each with the very `body` text and `headers` that are posted."""
        return self.control("list_events", reference=reference)["events"]  # type: ignore[no-any-return]

    def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        return self._list("/inbox/mails", to)  # type: ignore[no-any-return]

    def sms(self, to: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        return self._list("/inbox/sms", to)  # type: ignore[no-any-return]

    def _list(self, path: str, to: str | None = None) -> Any:
        response = self._client.get(path, params={"to": to} if to else None)
        response.raise_for_status()
        return response.json()
