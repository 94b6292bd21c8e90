"""`python -m tests.measure_rate_limits`: what counting a request costs, on a real Valkey.

The layer stands over an application that does nothing, and each request is made with it and without it in turns, so
that whatever else the machine does falls on both alike. Requests follow one another: CPU is this process's own, and the
time on the clock includes the way to Valkey and back. They come from hundreds of users and addresses, as much as their
limits allow, so that what is counted is as long as in life.
"""
# ruff: noqa: T201

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mestore.app.embedded import EmbeddedValkey
from mestore.app.rate_rules import RateLimits
from mestore.app.subscriptions import TASKS
from mestore.core import tokens
from mestore.core.clock import utc_now
from mestore.core.ids import SessionId, UserId, new_uuid
from mestore.core.settings import DatabaseSettings, RedisSettings, Settings
from mestore.core.world import open_world

ALLOWED_MS = 0.3
PEOPLE = 500
WARM_UP = PEOPLE


class Nothing(FastAPI):
    """Answers at once: what stands over it is all there is to measure."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"{}"})


@dataclass(frozen=True)
class Kind:
    name: str
    method: str
    path: str
    token: Callable[[int], str] | None = None
    limits: int = 1

    def scope(self, number: int) -> MutableMapping[str, Any]:
        headers = [(b"host", b"127.0.0.1"), (b"user-agent", b"measure"), (b"accept", b"application/json")]
        if self.token is not None:
            headers.append((b"authorization", b"Bearer " + self.token(number).encode()))
        return {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "query_string": b"",
            "headers": headers,
            "client": (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 0),
        }


@dataclass
class Taken:
    """Milliseconds of each request."""

    cpu: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)

    def medians(self) -> tuple[float, float]:
        return statistics.median(self.cpu[WARM_UP:]), statistics.median(self.clock[WARM_UP:])


def kinds(settings: Settings) -> list[Kind]:
    def new_token(_: int) -> str:
        return tokens.issue(settings.auth, UserId(new_uuid()), SessionId(new_uuid()), utc_now())

    kept = [new_token(number) for number in range(PEOPLE)]

    def token(number: int) -> str:
        return kept[number % PEOPLE]

    return [
        Kind("anonymous", "GET", "/api/v1/products"),
        Kind("signed in", "GET", "/api/v1/orders", token),
        Kind("signed in, the token's first", "GET", "/api/v1/orders", new_token),
        Kind("an order, signed in", "POST", "/api/v1/orders", token, limits=2),
        Kind("a sign-in", "POST", "/api/v1/auth/login", limits=2),
    ]


@asynccontextmanager
async def layer(folder: Path) -> AsyncIterator[tuple[Settings, ASGIApp, ASGIApp]]:
    valkey = EmbeddedValkey(folder)
    await asyncio.to_thread(valkey.start)
    try:
        settings = Settings(database=DatabaseSettings(url="postgresql://nowhere"), redis=RedisSettings(url=valkey.url))
        app = Nothing()
        async with open_world(settings, utc_now, TASKS, name="measure") as world:
            app.state.world = world
            yield settings, app, RateLimits(app, settings)
    finally:
        await asyncio.to_thread(valkey.stop)


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def ask(app: ASGIApp, scope: Scope, taken: Taken, *, counted: int) -> None:
    headers: dict[bytes, bytes] = {}
    status = 0

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.update(message["headers"])

    cpu, clock = time.process_time(), time.perf_counter()
    await app(scope, receive, send)
    taken.clock.append((time.perf_counter() - clock) * 1_000)
    taken.cpu.append((time.process_time() - cpu) * 1_000)
    assert status == 200, status
    assert headers.get(b"ratelimit", b"").count(b"r=") == counted, headers


async def measure(requests: int) -> list[tuple[Kind, Taken, Taken]]:
    measured = []
    with tempfile.TemporaryDirectory(prefix="mestore-rate-limits-") as folder:
        async with layer(Path(folder)) as (settings, without, limited):
            for kind in kinds(settings):
                bare, counted = Taken(), Taken()
                for number in range(WARM_UP + requests):
                    scope = kind.scope(number % PEOPLE)
                    await ask(without, dict(scope), bare, counted=0)
                    await ask(limited, dict(scope), counted, counted=kind.limits)
                measured.append((kind, bare, counted))
    return measured


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the rate limits cost each request.")
    parser.add_argument("--requests", type=int, default=4_000, help="of each kind")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(measure(options.requests))
    print(f"{'medians in ms':<29} limits  CPU without    with    cost   clock without    with    cost")
    costs = []
    for kind, bare, counted in measured:
        (cpu, clock), (cpu_with, clock_with) = bare.medians(), counted.medians()
        costs += [cpu_with - cpu, clock_with - clock]
        figures = f"{cpu:>13.3f}{cpu_with:>8.3f}{costs[-2]:>8.3f}{clock:>16.3f}{clock_with:>8.3f}{costs[-1]:>8.3f}"
        print(f"{kind.name:<29}{kind.limits:>7}{figures}")
    print(f"The dearest costs {max(costs):.3f} ms; less than {ALLOWED_MS} ms is allowed.")
    return 0 if max(costs) < ALLOWED_MS else 1


if __name__ == "__main__":
    sys.exit(main())
