"""The gate: what every request passes before routing, as one plain ASGI class.

It names the request, finds the caller's address behind our own proxies, refuses foreign hosts, tells browsers whether a
page may call (CORS), refuses bodies that are too large (counted as they come, whatever `Content-Length` says) and
addresses that no text could be, makes a trailing slash mean nothing and HEAD a GET without its body, counts and logs,
and lets nothing that was raised out of this process: `core/problems.py` made an answer of it.
"""

import re
import time
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import structlog
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mestore.core import errors, metrics, problems
from mestore.core.client_address import client_address
from mestore.core.settings import Environment, Settings

log = structlog.get_logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PORT = re.compile(r":[0-9]{1,5}$")
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cross-origin-resource-policy": b"same-origin",
}
"""What every answer carries that does not say it otherwise itself."""

_ONLY_HTTPS = {b"strict-transport-security": b"max-age=31536000; includeSubDomains"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_EXPOSED = (
    *("ETag", "X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After", "Idempotent-Replayed"),
    *("Content-Disposition", "Link", "Location"),
)
_PREFLIGHT_SECONDS = 600
_PICTURES = re.compile(r"/api/v1/(products/[^/]+/images|complaints/[^/]+/evidence)/*")
_SHEETS = re.compile(r"/api/v1/products/import/*")
_COLLECTIONS = re.compile(r"/api/v1/payments/efecty/confirm/*")
_WEBHOOKS = re.compile(r".*/webhook|/api/v1/carriers/[^/]+/events")
_FORM_BYTES = 16_384
"""What a form adds to the file in it."""


class UnknownHost(errors.BadRequest):
    """This is not the address of this service."""

    spanish = "Esta no es la dirección de este servicio."


class Gate:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings.api
        self._with_files = (
            (_PICTURES, settings.media.max_bytes + _FORM_BYTES),
            (_SHEETS, settings.spreadsheets.max_bytes + _FORM_BYTES),
            (_COLLECTIONS, settings.payments.max_collection_file_bytes + _FORM_BYTES),
        )
        self._headers = _HEADERS | (_ONLY_HTTPS if settings.environment is Environment.PRODUCTION else {})
        self._origins = frozenset(settings.api.cors_origins)
        self._for_pages = CORSMiddleware(
            self._enter,
            allow_origins=settings.api.cors_origins,
            allow_methods=_METHODS,
            allow_headers=["*"],
            allow_credentials=settings.api.cors_credentials,
            expose_headers=_EXPOSED,
            max_age=_PREFLIGHT_SECONDS,
        )

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer carries that no page of another origin asked for."""
        return [*self._headers.items(), *([(b"vary", b"Origin")] if self._origins else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        address = client_address(scope, self._settings.trusted_proxies)
        scope["client"] = (address, 0) if address else None
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status, complete, headless = 0, False, scope["method"] == "HEAD"

        async def send_named(message: Message) -> None:
            nonlocal status, complete
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._completed(message["headers"], request_id)
            elif headless:
                message = {**message, "body": b""}
            await send(message)
            complete = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._pass(scope, receive, send_named)
        except Exception as error:
            # The application has answered and raises it once more, for its server's log: ours has it.
            if not complete:
                log.exception("answer_broken", path=scope["path"], error=type(error).__name__)
                raise
        finally:
            self._record(scope, status, time.perf_counter() - started)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Origins that are not listed get no CORS header at all, so that their pages can't read the answer."""
        request = Request(scope)
        if not self._serves(request.headers.get("host", "")):
            await problems.problem(request, UnknownHost)(scope, receive, send)
            return
        origin = request.headers.get("origin")
        listed = origin is not None and not self._origins.isdisjoint({origin, "*"})
        await (self._for_pages if listed else self._enter)(scope, receive, send)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        if len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope["path"] = scope["path"].rstrip("/") or "/"
            scope["raw_path"] = (scope.get("raw_path") or b"").rstrip(b"/")
        await self._app(scope, _bounded(receive, self._limit(scope["path"])), send)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """The answer to what can be told from the head of a request to be no business of ours."""
        request = Request(scope)
        if not _is_text(scope.get("query_string", b"")):
            return problems.problem(request, errors.ValidationFailed, members={"errors": [_BAD_QUERY]})
        if not _is_text(scope.get("raw_path") or b""):
            return problems.problem(request, errors.NotFound)
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > self._limit(scope["path"]):
            return problems.problem(request, errors.BodyTooLarge)
        return None

    def _serves(self, host: str) -> bool:
        name = _PORT.sub("", host).lower()
        return any(
            known in {name, "*"} or (known.startswith("*.") and name.endswith(known[1:]))
            for known in self._settings.trusted_hosts
        )

    def _completed(self, headers: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
        completed = [*headers, (b"x-request-id", request_id.encode())]
        if self._origins:  # a cache must not give one origin what it kept of another
            completed.append((b"vary", b"Origin"))
        said = {name for name, _ in completed}
        return [*completed, *((name, value) for name, value in self._headers.items() if name not in said)]

    def _limit(self, path: str) -> int:
        for addresses, limit in self._with_files:
            if addresses.fullmatch(path):
                return limit
        return self._settings.max_webhook_bytes if _WEBHOOKS.match(path) else self._settings.max_body_bytes

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", "unmatched")
        metrics.count_request(scope["method"], route, status, seconds)
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
                raise errors.BodyTooLarge
        return message

    return receive_bounded
