"""How gateways post what they announce, and what they write down about it."""

from collections.abc import Mapping
from typing import NamedTuple

import aiohttp

ANSWER_SECONDS = 15.0
ANSWER_CHARACTERS = 2_000


class Answer(NamedTuple):
    """Either what was said, or why nothing was."""

    status_code: int | None
    text: str | None
    error: str | None


class Poster:
    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._session().post(
                url, data=body.encode(), headers=headers, allow_redirects=False
            ) as response:
                text = await response.text(errors="replace")
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            return Answer(None, None, f"{_name(problem)}: {problem}")
        return Answer(response.status, text[:ANSWER_CHARACTERS], None)

    def _session(self) -> aiohttp.ClientSession:
        """Made late, because it belongs to the loop that runs."""
        if self._http is None:
            # No connection is kept: a restarted MeStore must not cost the next announcement a retry of half an hour.
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_SECONDS, sock_read=ANSWER_SECONDS),
            )
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


NAMES: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ConnectionTimeoutError, "ConnectTimeout"),
    (TimeoutError, "ReadTimeout"),
    (aiohttp.ClientConnectorError, "ConnectError"),
    (aiohttp.NonHttpUrlClientError, "UnsupportedProtocol"),
    (aiohttp.InvalidURL, "InvalidURL"),
    (aiohttp.ServerDisconnectedError, "RemoteProtocolError"),
    (aiohttp.ClientPayloadError, "RemoteProtocolError"),
    (aiohttp.ClientResponseError, "RemoteProtocolError"),
    (OSError, "ReadError"),
    (Exception, "LocalProtocolError"),
)
"""What readers of deliveries know the failures by."""


def _name(problem: Exception) -> str:
    return next(name for kind, name in NAMES if isinstance(problem, kind))
