"""What a gateway's answer over HTTP says before anybody reads it."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from mestore.payments.gateways.base import NotCharged
from mestore.payments.gateways.calls import call


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30),
        ("0", 1),
        ("86400", 120),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 5_000, None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
async def test_f26_how_long_a_gateway_wants_to_be_left_alone(
    http: aiohttp.ClientSession, said: str | None, seconds: int | None
) -> None:
    async def too_many(_: web.BaseRequest) -> web.Response:
        return web.Response(status=429, headers={} if said is None else {"Retry-After": said})

    async with RawTestServer(too_many) as server:
        with pytest.raises(NotCharged) as failed:
            await call(http, "POST", str(server.make_url("/")), gateway="X", waits=aiohttp.ClientTimeout(5))
    assert failed.value.retry_after == seconds
