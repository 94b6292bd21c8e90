"""One call to a gateway over HTTP: bounded in time and size, never redirected, its failures told apart by money."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
from fastapi.exceptions import RequestValidationError
from yarl import URL

from mestore.core.boundary import parse_json
from mestore.core.errors import Refusal
from mestore.payments.gateways.base import NotCharged, OutcomeUnknown

_MOST_BYTES = 1_000_000
_LONGEST_WAIT = 120


@dataclass(frozen=True)
class Answer:
    """What a gateway answered, whole."""

    status: int
    body: bytes


def json_of(body: bytes) -> Any:
    """The value of a gateway's JSON.

    Raises:
        ValueError: it is none, or a text in it can't be stored.
    """
    try:
        return parse_json(body)
    except (Refusal, RequestValidationError) as error:
        raise ValueError("no JSON that can be kept") from error


async def call(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    gateway: str,
    waits: aiohttp.ClientTimeout,
    **request: Any,
) -> Answer:
    """The answer, whatever its status; `gateway` is a name for messages.

    `waits.connect` is the time for a connection, also for one that is free, and `waits.total` that for everything.

    Raises:
        NotCharged: no connection was made, or the gateway had too many requests and looked at none more (429).
        OutcomeUnknown: one was made, and no answer came in time, or one larger than any honest one (OWASP API10).
    """
    address = URL(url, encoded=True)
    try:
        async with http.request(method, address, timeout=waits, allow_redirects=False, **request) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise OutcomeUnknown(f"{gateway}'s answer is too large")
            if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                wait = _seconds(response.headers.get("Retry-After"))
                raise NotCharged(f"{gateway} takes no more requests at the moment", wait)
            return Answer(response.status, bytes(body))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotCharged(f"{gateway} was not reached: {type(error).__name__}") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OutcomeUnknown(f"{gateway} did not answer: {type(error).__name__}") from error


def _seconds(said: str | None) -> int | None:
    """How long a gateway wants to be left alone, within limits: a mistake of its own may not end our sales."""
    if said is None or not re.fullmatch(r"[0-9]{1,9}", said):
        return None
    return min(max(int(said), 1), _LONGEST_WAIT)
