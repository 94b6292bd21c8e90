"""`mestore serve`: the API on Granian, one process for each worker."""

import functools
import os
import signal
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from mestore.app.processes import die_with
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
    )
    server.serve(target_loader=functools.partial(load_application, os.getpid()), wrap_loader=False)
