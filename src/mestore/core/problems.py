"""Every error as `application/problem+json` (RFC 9457), rendered in one place.

A 422 names the place and the rule (`errors[{loc,msg,code}]`) and never repeats what was sent: it may have been a
password.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mestore.core import errors
from mestore.core.errors import Refusal

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)

ON_FAILURE = "on_failure"
"""Where a request's scope has what is to be taken back when it breaks, rather than being refused: a coroutine function.

By then its transaction has ended.
"""

_BY_STATUS = {404: errors.NotFound, 405: errors.MethodNotAllowed, 413: errors.BodyTooLarge, 400: errors.BadRequest}
_CLIENT_WENT_AWAY = 499
"""Nobody reads it; it is what the figures and the log show."""

_LONGEST_NAME, _MOST_ERRORS = 100, 50
"""A name that was sent comes back in `loc`: a long one cut short, and not ten thousand of them."""

# SQLSTATEs that say "not now": nothing was done, the same request may go through in a moment.
_TRANSIENT = ("08", "53", "57", "40001", "40P01", "55P03", "25P03", "XX000")


_LANGUAGE = re.compile(r"\s*(es|en)\b[^;]*(?:;\s*q=([01](?:\.[0-9]{1,3})?))?\s*", re.IGNORECASE)


def language_of(request: Request) -> str:
    """`es` or `en`, whichever `Accept-Language` likes better; `en` when it says nothing of either."""
    wishes: dict[str, float] = {}
    for part in request.headers.get("accept-language", "")[:200].split(","):
        wish = _LANGUAGE.fullmatch(part)
        if wish is not None and (weight := float(wish[2] or 1)):
            wishes.setdefault(wish[1].lower(), weight)
    return max(wishes, key=wishes.__getitem__, default="en")


def problem(
    request: Request,
    refusal: type[Refusal],
    *,
    detail: str | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    language = language_of(request)
    title = refusal.title(language)
    body = {
        **(members or {}),
        "type": refusal.problem_type(),
        "title": title,
        "status": refusal.status,
        "detail": detail or title,
        "instance": request.scope["path"],
        "request_id": request.scope.get("request_id"),
    }
    return Response(dump(body), refusal.status, {"Content-Language": language, **(headers or {})}, MEDIA_TYPE)


_MONEY_IS_TEXT = orjson.OPT_PASSTHROUGH_DATACLASS
"""Money is a dataclass, which would be an object with its amount."""


def dump(value: Any) -> bytes:
    """JSON bytes of a plain value; text that is no valid Unicode is replaced, never a crash inside an error."""
    try:
        return orjson.dumps(value, default=str, option=_MONEY_IS_TEXT)
    except TypeError:
        return orjson.dumps(_valid_text(value), default=str, option=_MONEY_IS_TEXT)


def _valid_text(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {_valid_text(key): _valid_text(member) for key, member in value.items()}
    if isinstance(value, Sequence):
        return [_valid_text(member) for member in value]
    return value


def render(request: Request, refusal: Refusal) -> Response:
    headers = {}
    if (seconds := getattr(refusal, "retry_after", None)) is not None:
        headers["Retry-After"] = str(seconds)
    if isinstance(refusal, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    detail = refusal.detail(language_of(request))
    return problem(request, type(refusal), detail=detail, members=refusal.members(), headers=headers)


async def _refusal(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return render(request, refusal)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    tag = _tag(request, error.body)
    found = [_told(each, tag) for each in error.errors()[:_MOST_ERRORS]]
    return problem(request, errors.ValidationFailed, members={"errors": found})


def _tag(request: Request, body: Any) -> str | None:
    """What tells which of several bodies this one is, as in `"payment_method": "PSE"`: pydantic begins the places of
    its errors with it, though it is no place in what was sent.
    """
    field = getattr(request.scope.get("route"), "body_field", None)
    name = None if field is None else field.field_info.discriminator
    return body.get(name) if name is not None and isinstance(body, dict) else None


def _told(error: Mapping[str, Any], tag: str | None) -> dict[str, Any]:
    """A fault as pydantic says it, but for those of which it tells our inside or repeats what was sent."""
    place, message, code = tuple(error["loc"]), str(error["msg"]), error["type"]
    if tag is not None and place[:2] == ("body", tag):
        place = ("body", *place[2:])
    elif code == "union_tag_not_found":
        place, message, code = (*place, error["ctx"]["discriminator"].strip("'")), "Field required", "missing"
    elif code == "union_tag_invalid":
        place = (*place, error["ctx"]["discriminator"].strip("'"))
        message = f"Input should be one of {error['ctx']['expected_tags']}"
    return {"loc": [str(part)[:_LONGEST_NAME] for part in place], "msg": message, "code": code}


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = _BY_STATUS.get(error.status_code)
    if refusal is None:
        raise RuntimeError(f"an unexpected {error.status_code} {HTTPStatus(error.status_code).phrase}") from error
    headers = {"Allow": _allowed(request)} if refusal is errors.MethodNotAllowed else error.headers
    return problem(request, refusal, headers=headers)


def _allowed(request: Request) -> str:
    """Every method of this address: the routers know only those of the first route that fits it."""
    path = request.scope["path"]
    fitting = [route for route in iter_route_contexts(request.app.routes) if route.path_regex.match(path)]
    named = [route for route in fitting if route.path == path] or fitting
    methods = {method for route in named for method in route.methods or ()}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


_DRIVER_BROKE = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg says of a connection that broke, or whose server died, while it was used or on its way back."""


def is_transient(error: BaseException) -> bool:
    """Whether the database is away, overloaded or was in somebody's way, rather than our statement wrong."""
    if isinstance(error, (PoolTimeout, OSError, *_DRIVER_BROKE)):
        return True
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_TRANSIENT)
    if isinstance(error, DBAPIError):
        original = error.orig
        state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
        return error.connection_invalidated or state.startswith(_TRANSIENT) or (not state and _is_driver(error))
    return False


def _is_driver(error: DBAPIError) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (OSError, *_DRIVER_BROKE)):
            return True
        cause = cause.__cause__
    return False


async def _database(request: Request, error: Exception) -> Response:
    if not is_transient(error):
        raise error
    return await _anything(request, error)


async def _anything(request: Request, error: Exception) -> Response:
    """What nobody caught. The log has it; the answer says nothing of the inside."""
    if (take_back := request.scope.pop(ON_FAILURE, None)) is not None:
        await take_back()
    if isinstance(error, ClientDisconnect):
        return Response(status_code=_CLIENT_WENT_AWAY)
    if is_transient(error):
        log.warning("unavailable", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
        return render(request, errors.Unavailable())
    log.error("request_failed", path=request.scope["path"], exc_info=error)
    return problem(request, errors.InternalError)


def install(app: FastAPI) -> None:
    """Make every refusal, validation error and outage of this application a problem document."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    for kind in (DBAPIError, PoolTimeout, OSError, asyncpg.PostgresError, *_DRIVER_BROKE):
        app.add_exception_handler(kind, _database)
    app.add_exception_handler(Exception, _anything)
