"""A server that is about to end says so, while it still serves.

Imported before the workers are there, so it imports little.
"""

from ctypes import c_bool
from multiprocessing.sharedctypes import RawValue

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAVING = "leaving"
"""Where a request's scope says that the server ends soon and should be sent nothing more."""


class Leave:
    """Known to all workers: whether the server is about to end."""

    def __init__(self) -> None:
        self._shared = RawValue(c_bool, False)  # without a lock: a worker that is killed leaves none behind

    def __bool__(self) -> bool:
        return bool(self._shared.value)

    def take(self) -> None:
        self._shared.value = True


class Farewell:
    """Once the server is leaving: tells `/health/ready`, and callers to open their next connection elsewhere."""

    def __init__(self, app: ASGIApp, leave: Leave) -> None:
        self._app = app
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._leave:
            await self._app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["http_version"] == "1.1":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        scope[LEAVING] = True
        await self._app(scope, receive, send_last)
