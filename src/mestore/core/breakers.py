"""Circuit breakers whose state all processes share: purgatory's, kept in Redis, a hash for each circuit.

While Redis is away each process learns for itself.
"""

import contextlib
from typing import Any, cast

from purgatory import AsyncInMemoryUnitOfWork
from purgatory.domain.model import CLOSED, Context
from purgatory.service._async.repository import AsyncInMemoryRepository
from purgatory.typing import StateName
from redis.asyncio import Redis
from redis.exceptions import RedisError

REDIS_AWAY = (RedisError, OSError, TimeoutError)


class _Shared(AsyncInMemoryRepository):
    """purgatory's states in Redis, a hash for each gateway; its own memory where Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    async def get(self, name: str) -> Context | None:
        own = await super().get(name)
        try:
            kept = await self._redis.hgetall(key_of(name))
        except REDIS_AWAY:
            return own
        if own is None:
            return None
        told = {str(field): str(value) for field, value in kept.items()}
        opened_at = float(told["opened_at"]) if told.get("opened_at") else None
        return Context(
            name,
            own.threshold,
            own.ttl,
            cast("StateName", told.get("state", CLOSED)),
            int(told.get("failures", 0)),
            opened_at,
        )

    async def update_state(self, name: str, state: str, opened_at: float | None) -> None:
        await self._keep(name, {"state": state, "opened_at": "" if opened_at is None else str(opened_at)})

    async def inc_failures(self, name: str, failure_count: int) -> None:
        await self._keep(name, {"failures": str(failure_count)})

    async def reset_failure(self, name: str) -> None:
        await self._keep(name, {"failures": "0"})

    async def _keep(self, name: str, told: dict[Any, Any]) -> None:
        with contextlib.suppress(*REDIS_AWAY):
            await self._redis.hset(key_of(name), mapping=told)


class SharedStates(AsyncInMemoryUnitOfWork):
    """What a factory of breakers keeps its circuits in."""

    def __init__(self, redis: Redis) -> None:
        self.contexts = _Shared(redis)


def key_of(circuit: str) -> str:
    """Of its hash in Redis."""
    return f"breaker:{circuit}"
