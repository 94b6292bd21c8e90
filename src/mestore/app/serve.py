"""`mestore serve`: the API on Granian, one process for each worker."""

import functools
import os
import shutil
import signal
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from mestore.app.processes import die_with
from mestore.core import logs
from mestore.core.settings import Settings

DRAIN_SECONDS = 25
"""What a worker gets, after SIGTERM, to finish the requests it has begun."""


def load_application(server: int) -> Callable[..., Any]:
    """Runs in each worker process, before anything slow: a worker left behind would go on serving the port.

    Until Granian takes the signals over, the ones that the fork brought along would swallow a SIGTERM.
    """
    die_with(server, signal.SIGKILL)()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    from mestore.app.api import application  # noqa: PLC0415 - only the workers need it, and it takes its time

    return application()


def run(settings: Settings) -> None:
    logs.configure(settings.log_level)
    count_in_files(settings)
    server = Granian(
        "mestore.app.api:application",
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
    server.serve(target_loader=functools.partial(load_application, os.getpid()), wrap_loader=False)


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
