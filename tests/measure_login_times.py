"""`python -m tests.measure_login_times`: whether the time of a refusal tells what was wrong with a sign-in.

Unknown e-mail, wrong password, locked and inactive account take turns, so that whatever else the machine does falls on
all alike; their medians have to lie within a tenth of each other. Each try comes from an address of its own.
"""
# ruff: noqa: T201

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import httpx

from mestore.app import migrations
from mestore.app.api import behind_gate, create_app
from mestore.app.embedded import EmbeddedPostgres, EmbeddedValkey
from mestore.app.subscriptions import TASKS
from mestore.auth.login_guard import LoginGuard, Proof
from mestore.core.clock import utc_now
from mestore.core.settings import ApiSettings, DatabaseSettings, LimitSettings, RedisSettings, Settings
from mestore.core.world import World, open_world
from mestore.users.passwords import hash_password
from tests.make import Make

LOGIN = "/api/v1/auth/login"
WRONG = "no-es-la-clave-7"
KINDS = ("unknown e-mail", "wrong password", "locked account", "inactive account")
TOLERANCE = 0.10
LONGEST_SECONDS = 300


@asynccontextmanager
async def marketplace(folder: Path) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    postgres, valkey = EmbeddedPostgres(folder, durable=False), EmbeddedValkey(folder)
    await asyncio.to_thread(postgres.start)
    await asyncio.to_thread(valkey.start)
    try:
        await asyncio.to_thread(migrations.upgrade, postgres.url)
        settings = Settings(
            database=DatabaseSettings(url=postgres.url),
            redis=RedisSettings(url=valkey.url),
            limits=LimitSettings(factor=1_000),
            api=ApiSettings(trusted_proxies=["127.0.0.1"]),
        )
        app = create_app(settings)
        async with open_world(settings, utc_now, TASKS, name="measure") as world:
            app.state.world = world
            transport = httpx.ASGITransport(behind_gate(app, settings))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
                yield world, http
    finally:
        await asyncio.to_thread(valkey.stop)
        await asyncio.to_thread(postgres.stop)


async def measure(tries: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    numbers = count(1)
    with tempfile.TemporaryDirectory(prefix="mestore-login-times-") as folder:
        async with marketplace(Path(folder)) as (world, http):
            hashed = await hash_password("el-loro-canta-a-las-6", world.settings.auth)
            make = Make(world)
            active = await make.buyer(password_hash=hashed)
            inactive = await make.buyer(password_hash=hashed, is_active=False)

            async def sign_in(email: str, password: str = WRONG) -> float:
                number = next(numbers)
                headers = {"X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
                started = time.perf_counter()
                response = await http.post(LOGIN, json={"email": email, "password": password}, headers=headers)
                seconds = time.perf_counter() - started
                assert response.status_code == 401, response.text
                return seconds

            deadline = time.monotonic() + LONGEST_SECONDS
            while len(taken[KINDS[-1]]) < tries and time.monotonic() < deadline:
                await world.redis.flushdb()
                taken["unknown e-mail"].append(await sign_in(f"nadie{next(numbers)}@example.co"))
                taken["wrong password"].append(await sign_in(active.email))
                taken["inactive account"].append(await sign_in(inactive.email, "el-loro-canta-a-las-6"))
                for _ in range(world.settings.auth.lock_after_failures):
                    await lock(world, active.email)
                taken["locked account"].append(await sign_in(active.email, "el-loro-canta-a-las-6"))
    return taken


async def lock(world: World, email: str) -> None:
    await LoginGuard(world).settle(email, None, Proof.WRONG)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure whether a refused sign-in tells by its time what was wrong.")
    parser.add_argument("--tries", type=int, default=125, help="of each kind: 500 in all")
    options = parser.parse_args()
    taken = asyncio.run(measure(options.tries))
    medians = {kind: statistics.median(seconds) * 1_000 for kind, seconds in taken.items()}
    for kind, median in medians.items():
        print(f"{kind:<17} {len(taken[kind]):>4} tries, median {median:7.2f} ms")
    spread = max(medians.values()) / min(medians.values()) - 1
    print(f"The medians differ by {spread:.1%}; {TOLERANCE:.0%} is allowed.")
    return 0 if spread <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
