"""Which requests are counted by which limit, and the layer that counts them before anything else is done.

The numbers are `Settings.limits`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from limits import RateLimitItem, parse
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mestore.core import metrics, problems, tokens
from mestore.core.client_address import household
from mestore.core.errors import TooManyRequests
from mestore.core.rate_limits import UNCOUNTED, Count, Standing, limiter_of
from mestore.core.settings import LimitSettings, Settings
from mestore.core.world import World


@dataclass(frozen=True)
class Rule:
    setting: str
    requests: re.Pattern[str]
    """Method, path below `/api/v1`, and query, as in `GET /products?q=panela`."""
    by_address: bool = False
    """Counts whoever asks by address: what is asked before signing in, or to try out somebody else's door."""


RULES = (
    Rule(
        "login",
        re.compile(r"POST /auth/(login|admin-login|login/otp/verify|reset-password|verify-(email|phone)-otp)\?.*"),
        by_address=True,
    ),
    Rule("register_account", re.compile(r"POST /(auth|vendors)/register\?.*"), by_address=True),
    Rule("codes", re.compile(r"POST /auth/(login/otp|forgot-password)\?.*"), by_address=True),
    Rule("codes", re.compile(r"POST /auth/send-verification-(email|sms)\?.*")),
    Rule("orders", re.compile(r"POST /(orders|cart/checkout)\?.*")),
    Rule("payments", re.compile(r"POST /payments/.*")),
    Rule("product_writes", re.compile(r"(POST|PUT|PATCH|DELETE) /products[/?].*")),
    Rule("cart_writes", re.compile(r"(POST|PATCH|DELETE) /cart[/?].*")),
    Rule("search", re.compile(r"GET /products(/search|/suggest)?\?(.*&)?q=.*|GET /products/(search|suggest)\?.*")),
    Rule("search", re.compile(r"GET /orders/track/.*"), by_address=True),
)
_PREFIX = "/api/v1"


class RateLimits:
    """Answers 429 where a limit is used up, and says in `RateLimit` what is left of each that counted."""

    def __init__(self, app: FastAPI, settings: Settings, inner: ASGIApp | None = None) -> None:
        """`inner`: what stands between this layer and the application, if anything does."""
        self._app: ASGIApp = inner or app
        self._state = app.state
        self._settings = settings
        self._items = limit_items(settings.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or UNCOUNTED.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        world: World = self._state.world
        counts = self._counts(scope, world)
        standings = await limiter_of(world.redis).count(counts)
        headers = _headers(counts, standings)
        refused = [(count, standing) for count, standing in zip(counts, standings, strict=True) if not standing.allowed]
        if refused:
            for count, _ in refused:
                metrics.limited.labels(count.item.namespace).inc()
            refusal = TooManyRequests(max(standing.resets_in for _, standing in refused))
            response = problems.render(Request(scope), refusal)
            response.raw_headers += headers
            await response(scope, receive, send)
            return

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await self._app(scope, receive, send_with_standing)

    def _counts(self, scope: Scope, world: World) -> list[Count]:
        address = household(scope["client"][0] if scope.get("client") else None)
        whose = self._user(scope, world) or address
        counts = [Count(self._items["everything"], whose)]
        if scope["path"].startswith(_PREFIX):
            asked = f"{scope['method']} {scope['path'].removeprefix(_PREFIX)}?{scope['query_string'].decode('latin-1')}"
            counts += [
                Count(self._items[rule.setting], address if rule.by_address else whose)
                for rule in RULES
                if rule.requests.fullmatch(asked)
            ]
        return counts

    def _user(self, scope: Scope, world: World) -> str | None:
        """Whom a good access token speaks for. Whether the session still lives is not asked: that costs a query."""
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                try:
                    read = tokens.read(self._settings.auth, value[7:].decode("latin-1").strip(), world.now())
                except tokens.BadToken:
                    return None
                scope[tokens.SCOPE_KEY] = read
                return str(read.user_id)
        return None


def limit_items(settings: LimitSettings) -> dict[str, RateLimitItem]:
    """The quotas by their names, multiplied by `factor`."""
    return dict(_items(settings))


def _items(settings: LimitSettings) -> Iterator[tuple[str, RateLimitItem]]:
    for name, quota in settings:
        if name != "factor":
            written = parse(quota)
            yield name, type(written)(written.amount * settings.factor, written.multiples, namespace=name)


def _headers(counts: list[Count], standings: list[Standing]) -> list[tuple[bytes, bytes]]:
    """In the form of the IETF's draft of `RateLimit` header fields."""
    items = [count.item for count in counts]
    policy = [f'"{item.namespace}";q={item.amount};w={item.get_expiry()}' for item in items]
    left = [
        f'"{item.namespace}";r={standing.remaining};t={standing.resets_in}'
        for item, standing in zip(items, standings, strict=True)
    ]
    return [(b"ratelimit-policy", ", ".join(policy).encode()), (b"ratelimit", ", ".join(left).encode())]
