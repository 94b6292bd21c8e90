"""One call to a gateway over HTTP: bounded in time and size, never redirected, its failures told apart by money."""

import asyncio
from typing import Any

import httpx

from mestore.payments.gateways.base import NotCharged, OutcomeUnknown

_MOST_BYTES = 1_000_000


async def call(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    gateway: str,
    waits: httpx.Timeout,
    **request: Any,
) -> httpx.Response:
    """The answer, whole, whatever its status; `gateway` is a name for messages, `waits.read` the time for all of it.

    Raises:
        NotCharged: no connection was made, or the gateway had too many requests and looked at none more (429).
        OutcomeUnknown: one was made, and no answer came in time, or one larger than any honest one (OWASP API10).
    """
    try:
        async with asyncio.timeout(waits.read), http.stream(method, url, timeout=waits, **request) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise OutcomeUnknown(f"{gateway}'s answer is too large")
            response._content = bytes(content)  # noqa: SLF001 - httpx offers no bounded read
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                raise NotCharged(f"{gateway} takes no more requests at the moment")
            return response
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotCharged(f"{gateway} was not reached: {type(error).__name__}") from error
    except (httpx.HTTPError, TimeoutError, httpx.InvalidURL) as error:
        raise OutcomeUnknown(f"{gateway} did not answer: {type(error).__name__}") from error
