"""Every error as `application/problem+json` (RFC 9457), rendered in one place.

A 422 names the place and the rule (`errors[{loc,msg,code}]`) and never repeats what was sent: it may have been a
password.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mestore.core import errors
from mestore.core.errors import Refusal

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)

# SQLSTATEs that say "not now": nothing was done, the same request may go through in a moment.
_TRANSIENT = ("08", "53", "57", "40001", "40P01", "55P03", "25P03", "XX000")


def language_of(request: Request) -> str:
    """`es` when the reader's first language is Spanish, else `en`."""
    return "es" if request.headers.get("accept-language", "").strip().lower().startswith("es") else "en"


def problem(
    request: Request,
    refusal: type[Refusal],
    *,
    detail: str | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    title = refusal.title(language_of(request))
    body = {
        **(members or {}),
        "type": refusal.problem_type(),
        "title": title,
        "status": refusal.status,
        "detail": detail or title,
        "instance": request.url.path,
        "request_id": request.scope.get("request_id"),
    }
    return Response(dump(body), refusal.status, dict(headers or {}), MEDIA_TYPE)


def dump(value: Any) -> bytes:
    """JSON bytes of a plain value; text that is no valid Unicode is replaced, never a crash inside an error."""
    try:
        return orjson.dumps(value, default=str)
    except TypeError:
        return orjson.dumps(_valid_text(value), default=str)


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
    if isinstance(refusal, errors.Unavailable):
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    detail = refusal.detail(language_of(request))
    return problem(request, type(refusal), detail=detail, members=refusal.members(), headers=headers)


def _refusal(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return render(request, refusal)


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"loc": [str(part) for part in each["loc"]], "msg": each["msg"], "code": each["type"]}
        for each in error.errors()
    ]
    return problem(request, errors.ValidationFailed, members={"errors": found})


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: errors.NotFound, 405: errors.MethodNotAllowed, 413: errors.BodyTooLarge, 400: errors.BadRequest}
    refusal = known.get(error.status_code)
    if refusal is None:
        raise RuntimeError(f"an unexpected {error.status_code} {HTTPStatus(error.status_code).phrase}") from error
    return problem(request, refusal, headers=error.headers)


def is_transient(error: BaseException) -> bool:
    """Whether the database is away, overloaded or was in somebody's way, rather than our statement wrong."""
    if isinstance(error, PoolTimeout | ConnectionError | TimeoutError | asyncpg.InterfaceError):
        return True
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_TRANSIENT)
    if isinstance(error, DBAPIError):
        original = error.orig
        state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
        return error.connection_invalidated or state.startswith(_TRANSIENT) or (not state and _is_interface(error))
    return isinstance(error, OSError)


def _is_interface(error: DBAPIError) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, asyncpg.InterfaceError | OSError | TimeoutError):
            return True
        cause = cause.__cause__
    return False


def _database(request: Request, error: Exception) -> Response:
    if not is_transient(error):
        raise error
    log.warning("database_unavailable", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
    return render(request, errors.Unavailable())


def install(app: FastAPI) -> None:
    """Make every refusal, validation error and outage of this application a problem document."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    for kind in (DBAPIError, PoolTimeout, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        app.add_exception_handler(kind, _database)
