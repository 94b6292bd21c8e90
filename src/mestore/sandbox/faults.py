"""The ways in which a gateway fails its callers, one call at a time (`fail_next`)."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from mestore.sandbox.controls import ControlPanel, Fault, FaultMode

Endpoint = Callable[[Request], Awaitable[Response]]

GATEWAY_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


_CANNED: Mapping[FaultMode, Callable[[], Response]] = {
    FaultMode.ERROR_500: lambda: JSONResponse({"error": {"type": "INTERNAL_ERROR", "reason": "Error interno"}}, 500),
    FaultMode.HTML_502: lambda: HTMLResponse(GATEWAY_HTML, 502),
    FaultMode.HTML_200: lambda: HTMLResponse("<html><body>Estamos en mantenimiento</body></html>"),
    FaultMode.TOO_MANY_429: lambda: JSONResponse(
        {"error": {"type": "TOO_MANY_REQUESTS", "reason": "Demasiadas solicitudes"}}, 429, {"Retry-After": "30"}
    ),
    FaultMode.REDIRECT_302: lambda: RedirectResponse("/return", 302),
    FaultMode.HUGE_200: lambda: Response(b'{"data": "' + b"x" * 20_000_000 + b'"}', media_type="application/json"),
    FaultMode.NUL_200: lambda: JSONResponse(
        {"code": "SUCCESS", "CODE": "0000", "data": [], "DATA": {}, "message": "\0"}
    ),
}


class Faults:
    def __init__(self, panel: ControlPanel) -> None:
        self._panel = panel
        self._release = asyncio.Event()
        self.calls: list[str] = []

    def guard(self, call: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint, which fails first as often as it was told to."""
        self.calls.append(call)

        async def guarded(request: Request) -> Response:
            fault = self._panel.take_fault(call)
            return await endpoint(request) if fault is None else await self._fail(fault, request, endpoint)

        return guarded

    def release(self) -> None:
        """Ends every held connection: the sandbox stops or is reset."""
        self._release.set()
        self._release = asyncio.Event()

    async def _fail(self, fault: Fault, request: Request, endpoint: Endpoint) -> Response:
        match fault.mode:
            case FaultMode.TIMEOUT_AFTER_PROCESSING:
                await endpoint(request)
                return await self._hold_and_reset(fault, request)
            case FaultMode.TIMEOUT_BEFORE_PROCESSING:
                await request.body()
                return await self._hold_and_reset(fault, request)
            case FaultMode.RESET:
                await request.body()
                return reset_connection(request)
            case FaultMode.SLOW:
                response = await endpoint(request)
                await self._hold(fault.seconds)
                return response
            case _:
                await request.body()
                return _CANNED[fault.mode]()

    async def _hold_and_reset(self, fault: Fault, request: Request) -> Response:
        await self._hold(fault.seconds)
        return reset_connection(request)

    async def _hold(self, seconds: float) -> None:
        # The server cancels the task of a caller who hangs up, which is what a held caller does in the end.
        with suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(self._release.wait(), seconds)


def reset_connection(request: Request) -> Response:
    """Closes the caller's socket with an RST and no answer.

    ASGI has no word for that, so the socket is looked up among this process's own. The response returned is for the
    server's bookkeeping: nobody receives it.
    """
    caller = tuple(map(str, request.client or ()))
    for file in Path("/dev/fd").iterdir():
        # Asked first: a copy of something from which no socket can be made would stay open.
        if not file.is_socket():
            continue
        with suppress(OSError), socket.socket(fileno=os.dup(int(file.name))) as connection:
            if tuple(map(str, connection.getpeername()[:2])) == caller:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RD)
    return Response(status_code=500)
