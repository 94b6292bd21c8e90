"""The gate: what every request passes before routing, as one plain ASGI class.

It names the request, refuses bodies that are too large (counted as they come, whatever `Content-Length` says) and
addresses that no text could be, makes a trailing slash mean nothing, counts and logs, and turns what nobody caught into
a 500 that says nothing of the inside.
"""

import re
import time
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mestore.core import errors, metrics, problems
from mestore.core.settings import ApiSettings

log = structlog.get_logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]


class _TooLarge(Exception):
    """More bytes came than a body may have."""


class Gate:
    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *_SECURITY_HEADERS]
            await send(message)

        try:
            await self._pass(scope, receive, send_named)
        except Exception as error:
            if status:
                raise
            response = self._failed(scope, error)
            await response(scope, receive, send_named)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if not _is_text(scope.get("query_string", b"")):
            response = problems.problem(request, errors.ValidationFailed, members={"errors": [_BAD_QUERY]})
            await response(scope, receive, send)
            return
        if not _is_text(scope.get("raw_path") or b""):
            await problems.problem(request, errors.NotFound)(scope, receive, send)
            return
        if len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope["path"] = scope["path"].rstrip("/") or "/"
            scope["raw_path"] = (scope.get("raw_path") or b"").rstrip(b"/")
        limit = self._limit(scope["path"])
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise _TooLarge
        await self._app(scope, _bounded(receive, limit), send)

    def _limit(self, path: str) -> int:
        return self._settings.max_webhook_bytes if "/webhook" in path else self._settings.max_body_bytes

    def _failed(self, scope: Scope, error: Exception) -> ASGIApp:
        request = Request(scope)
        if isinstance(error, _TooLarge) or isinstance(error.__cause__, _TooLarge):
            return problems.problem(request, errors.BodyTooLarge, headers={"Connection": "close"})
        if problems.is_transient(error):
            log.warning("unavailable", error=type(error).__name__)
            return problems.render(request, errors.Unavailable())
        log.error("request_failed", path=scope["path"], exc_info=error)
        return problems.problem(request, errors.InternalError)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        metrics.requests.labels(scope["method"], route, str(status)).inc()
        metrics.latency.labels(scope["method"], route).observe(seconds)
        if not scope["path"].startswith(("/health", "/metrics")):
            log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


_BAD_QUERY = {"loc": ["query"], "msg": "The query has characters that can't be stored", "code": "text_characters"}


def _request_id(scope: Scope) -> str:
    """The caller's id when it looks like one, so that its logs and ours meet; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(given := value.decode("latin-1")):
            return str(given)
    return uuid4().hex


def _is_text(encoded: bytes) -> bool:
    try:
        decoded = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return "\x00" not in decoded


def _bounded(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _TooLarge
        return message

    return receive_bounded
