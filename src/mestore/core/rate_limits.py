"""How many requests somebody may make: the rules of a route are counted in Redis, all by one call of one script.

A moving window of the `limits` library, of whose two scripts, which count and tell what is left, ours is made: what is
dear is each exchange with Redis (`python -m tests.measure_rate_limits`). While Redis is away each process counts in its
own memory, so that a limit is at worst as many times larger as there are processes, and never gone; after one failure
Redis is left alone for a moment, so that its time-out is paid once and not by every request (faults F12 and F14).
"""

import functools
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.storage.redis.bridge import RedisBridge
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

log = structlog.get_logger(__name__)
_AWAY = (RedisError, OSError, TimeoutError)
_LEAVE_ALONE_SECONDS = 2.0
_SCRIPT = f"""
local function acquire(KEYS, ARGV)
{RedisBridge.SCRIPT_ACQUIRE_MOVING_WINDOW.decode()}
end
local function window(KEYS, ARGV)
{RedisBridge.SCRIPT_MOVING_WINDOW.decode()}
end
local now, standings = ARGV[1], {{}}
for index, key in ipairs(KEYS) do
    local limit, seconds = ARGV[2 * index], ARGV[2 * index + 1]
    local acquired = acquire({{key}}, {{now, limit, seconds, 1}})
    local counted = window({{key}}, {{now - seconds, limit}}) or {{now, 0}}
    standings[index] = {{acquired and 1 or 0, counted[1], counted[2]}}
end
return standings
"""
"""KEYS: one of each count. ARGV: now, and of each count its limit and seconds."""

UNCOUNTED = re.compile(r"/(health|metrics|media)(/.*)?|/api/v1/payments/webhook(/.*)?|/api/v1/carriers/[^/]+/events")
"""Never refused: a gateway or carrier that has much to tell, and what watches over the service, must be heard; and a
page that shows a hundred pictures is one page."""


@dataclass(frozen=True)
class Count:
    """One rule (its `namespace` is its name) and whose requests it counts."""

    item: RateLimitItem
    whose: str


@dataclass(frozen=True)
class Standing:
    """What a count has come to. A request that was refused is not counted."""

    allowed: bool
    remaining: int
    resets_in: int
    """Seconds until the oldest request that counts is forgotten: when a refused one is worth trying again."""


class RateLimiter:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_SCRIPT)
        self._in_process = MovingWindowRateLimiter(MemoryStorage())
        self._leave_alone_until = 0.0

    async def count(self, counts: Sequence[Count]) -> list[Standing]:
        """Count one request by each of these rules."""
        now = time.monotonic()
        if now >= self._leave_alone_until:
            failed_before = self._leave_alone_until > 0
            if failed_before:  # this request alone finds out whether Redis is back
                self._leave_alone_until = now + _LEAVE_ALONE_SECONDS
            try:
                standings = await self._in_redis(counts)
            except _AWAY as error:
                self._leave_alone_until = time.monotonic() + _LEAVE_ALONE_SECONDS
                log.warning("limits_in_process", error=type(error).__name__)
            else:
                self._leave_alone_until = 0.0
                return standings
        return [await self._in_memory(count) for count in counts]

    async def _in_redis(self, counts: Sequence[Count]) -> list[Standing]:
        now = time.time()
        arguments: list[str | float] = [*map(_key, counts), now]
        for count in counts:
            arguments += count.item.amount, count.item.get_expiry()
        try:
            told = await self._redis.evalsha(self._script.sha, len(counts), *arguments)
        except NoScriptError:  # a Redis that started anew
            told = await self._redis.eval(_SCRIPT, len(counts), *arguments)
        return [
            _standing(count, acquired=bool(acquired), window=(float(oldest), counted), now=now)
            for count, (acquired, oldest, counted) in zip(counts, told, strict=True)
        ]

    async def _in_memory(self, count: Count) -> Standing:
        acquired = await self._in_process.hit(count.item, count.whose)
        stats = await self._in_process.get_window_stats(count.item, count.whose)
        oldest, counted = stats.reset_time - count.item.get_expiry(), count.item.amount - stats.remaining
        return _standing(count, acquired=acquired, window=(oldest, counted), now=time.time())


@functools.cache
def limiter_of(redis: Redis) -> RateLimiter:
    """This process's limiter on a Redis: what it counts while that is away must be counted in one place."""
    return RateLimiter(redis)


def _key(count: Count) -> str:
    return f"limit:{count.item.key_for(count.whose)}"


def _standing(count: Count, *, acquired: bool, window: tuple[float, int], now: float) -> Standing:
    oldest, counted = window
    seconds = max(1, math.ceil(oldest + count.item.get_expiry() - now))
    return Standing(acquired, max(0, count.item.amount - counted), min(seconds, count.item.get_expiry()))
