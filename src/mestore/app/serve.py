"""`mestore serve`: the API on Granian, one process for each worker.

A deploy ends it by SIGTERM, to this process alone (systemd: `KillMode=mixed`). `/health/ready` then says 503 and
everything is served on for `api.shutdown_grace_seconds`, so that a load balancer has gone elsewhere before the listener
closes: the kernel resets what waits there unaccepted. What has begun by then is finished.
"""

import functools
import importlib
import os
import shutil
import signal
import time
from _thread import start_new_thread
from typing import Any

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server.mp import MPServer
from starlette.types import ASGIApp

from mestore.app.farewell import Farewell, Leave
from mestore.app.processes import die_with
from mestore.core import logs
from mestore.core.settings import Environment, Settings

DRAIN_SECONDS = 25
"""What a worker gets, after SIGTERM, to finish the requests it has begun."""

_GRACE_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 0.05


class Server(MPServer):
    """Granian, which takes its leave before it closes its listeners."""

    def __init__(self, leave: Leave, grace_seconds: float, **options: Any) -> None:
        super().__init__("mestore.app.api:application", **options)
        self._leave = leave
        self._grace_seconds = grace_seconds
        self._pid = os.getpid()

    def signal_handler_interrupt(self, number: int, *_: object) -> None:
        """A fork brings this along to a worker, which is ended by it until Granian sets its own: it serves nothing yet.

        As the server's it would be swallowed there, and a deploy wait for the worker until it is killed.
        """
        if os.getpid() != self._pid:
            os._exit(128 + number)
        # Granian's sets an event, whose lock this very thread may hold just now; `threading` has locks of its own.
        start_new_thread(super().signal_handler_interrupt, ())

    def shutdown(self, exit_code: int = 0) -> None:
        """Serves on for the grace, unless a second signal comes."""
        self._leave.take()
        deadline, self.interrupt_signal = time.monotonic() + self._grace_seconds, False
        # Not by the event that the signal sets: it would wait for itself if it came while that is being waited for.
        while not self.interrupt_signal and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_SECONDS)
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def load_application(server: int, leave: Leave) -> ASGIApp:
    """Runs in each worker process, before anything slow: a worker left behind would go on serving the port."""
    die_with(server, signal.SIGKILL)()
    from mestore.app.api import application  # noqa: PLC0415 - see `run`

    return Farewell(application(), leave)


def run(settings: Settings) -> None:
    logs.configure(settings.log_level)
    count_in_files(settings)
    # Once for all workers, which are forked from here; so one that takes a fallen one's place serves at once.
    importlib.import_module("mestore.app.api")
    leave = Leave()
    server = Server(
        leave,
        _grace_seconds(settings),
        address=settings.api.host,
        port=settings.api.port,
        interface=Interfaces.ASGI,
        workers=settings.api.workers,
        loop=Loops.uvloop,
        websockets=False,
        backlog=1024,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=DRAIN_SECONDS,
        log_level=LogLevels.warning,
        log_access=False,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}},
    )
    server.serve(target_loader=functools.partial(load_application, os.getpid(), leave), wrap_loader=False)


def _grace_seconds(settings: Settings) -> float:
    if settings.api.shutdown_grace_seconds is not None:
        return settings.api.shutdown_grace_seconds
    return _GRACE_SECONDS if settings.environment is Environment.PRODUCTION else 0


def count_in_files(settings: Settings) -> None:
    """Where the workers count together. A run begins with nothing counted, and leaves files that the next removes."""
    folder = settings.data_dir.resolve() / "metrics"
    for leftover in folder.glob("[0-9]*"):
        if not _runs(int(leftover.name)):
            shutil.rmtree(leftover, ignore_errors=True)
    own = folder / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(own)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
