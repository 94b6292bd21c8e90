"""ChromaDB from the wheel of the development lock, run as the other embedded servers are.

It can't listen on a Unix socket, so it has a port, on 127.0.0.1 only. A file beside its data tells commands that run
beside `mestore up` which one.
"""

import contextlib
import signal
import sys
from pathlib import Path
from typing import Self

import httpx

from mestore.app.embedded import EmbeddedServer, wheel_folder


class EmbeddedChroma(EmbeddedServer):
    """Keeps the vectors on disk; a kill loses none that it had taken."""

    name = "chroma"
    stop_signal = signal.SIGTERM

    def __init__(self, data_dir: Path, port: int) -> None:
        super().__init__(data_dir)
        wheel_folder("chromadb", "MESTORE_CHROMA_URL")
        self.port = port
        self.folder = self.data_dir / "chroma"

    @classmethod
    def running(cls, data_dir: Path) -> Self | None:
        """The one that a `mestore up` of this data folder runs now."""
        with contextlib.suppress(OSError, ValueError):
            chroma = cls(data_dir, int((data_dir / "chroma.port").read_text()))
            return chroma if chroma.ready() else None
        return None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        (self.data_dir / "chroma.port").write_text(str(self.port))

    def command(self) -> list[str]:
        """It greets with a picture and an advertisement: that goes to its log only. Nothing is told to its makers."""
        quietly = 'log=$1; shift; ANONYMIZED_TELEMETRY=False exec "$@" >> "$log" 2>&1'
        program = str(Path(sys.executable).parent / "chroma")
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        return [
            "sh",
            "-c",
            quietly,
            "sh",
            str(self.log),
            sys.executable,
            program,
            "run",
            "--path",
            str(self.folder),
            *address,
        ]

    def ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError), httpx.Client(timeout=1, trust_env=False) as client:
            return client.get(f"{self.url}/api/v2/heartbeat").status_code == httpx.codes.OK
        return False

    def tidy(self) -> None:
        super().tidy()
        (self.data_dir / "chroma.port").unlink(missing_ok=True)
