"""Whether a gateway is asked to charge at all: after some failures in a row nobody is kept waiting for it for a while.

The state is shared through Redis, so that what one process learned the others know; while Redis is away each process
learns for itself. When the time is over the next attempt is the probe: it closes the circuit, or opens it again.

A gateway that says how long it takes no more requests (429 with Retry-After, fault F26) opens its circuit at once, for
that long.
"""

import contextlib
import functools
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import HALF_OPENED, OPENED, Context, OpenedState
from redis.asyncio import Redis

from mestore.core.breakers import REDIS_AWAY, SharedStates, key_of
from mestore.core.market_settings import PaymentSettings
from mestore.core.world import World
from mestore.payments.gateways.base import GatewayError, NotCharged, Refused


class BreakerOpen(NotCharged):
    """It failed too often lately, or wants to be left alone; it was not asked."""


@dataclass(frozen=True)
class Standing:
    """How a gateway does."""

    state: str
    """`closed`: it is asked. `opened`: it is not. `half-opened`: the next attempt decides."""
    last_success_at: datetime | None
    """UTC; when it last answered an attempt to charge, whatever it said."""
    last_failure_at: datetime | None


@functools.cache
def _factory(redis: Redis, settings: PaymentSettings) -> AsyncCircuitBreakerFactory:
    """One for all requests that share a client of Redis."""
    return AsyncCircuitBreakerFactory(
        default_threshold=settings.breaker_failures,
        default_ttl=settings.breaker_seconds,
        # What a gateway refuses, it answered; what is wrong with us says nothing of it.
        exclude=[Refused, (BaseException, lambda error: not isinstance(error, GatewayError))],
        uow=SharedStates(redis),
    )


class Breakers:
    def __init__(self, world: World) -> None:
        self._redis = world.redis
        self._now = world.now
        self._factory = _factory(world.redis, world.settings.payments)

    @asynccontextmanager
    async def guarding(self, gateway: str) -> AsyncIterator[None]:
        """Around an attempt to charge.

        Raises:
            BreakerOpen: it is not to be asked now; nothing was.
        """
        breaker = await self._factory.get_breaker(gateway)
        answered = False
        try:
            async with breaker:
                try:
                    yield
                    answered = True
                except Refused:
                    answered = True
                    raise
                except NotCharged as error:
                    if error.retry_after is not None:
                        self._open(breaker.context, error.retry_after)
                    raise
                finally:
                    await self._note(gateway, "success" if answered else "failure")
        except OpenedState as error:
            wait = self._left(breaker.context)
            raise BreakerOpen(f"{gateway} is not asked for {wait} seconds", wait) from error

    async def is_open(self, gateway: str) -> bool:
        return await self.closed_for(gateway) > 0

    async def closed_for(self, gateway: str) -> int:
        """Seconds for which it is not asked; none when the next attempt may."""
        context = (await self._factory.get_breaker(gateway)).context
        return self._left(context) if self._state(context) == OPENED else 0

    async def standing(self, gateway: str) -> Standing:
        """As the next attempt would find it: `opened` until its time is over, then `half-opened`."""
        context = (await self._factory.get_breaker(gateway)).context
        told: dict[str, str] = {}
        with contextlib.suppress(*REDIS_AWAY):
            kept = await self._redis.hgetall(key_of(gateway))
            told = {str(field): str(value) for field, value in kept.items()}
        return Standing(self._state(context), _moment(told.get("success")), _moment(told.get("failure")))

    def _open(self, context: Context, seconds: int) -> None:
        """For so long, whatever the usual time. purgatory keeps the state as it ends what it guards, in the same
        words.
        """
        opened = OpenedState(context.name)
        opened.opened_at = self._now().timestamp() + seconds - context.ttl
        context.set_state(opened)

    def _left(self, context: Context) -> int:
        """Whole seconds until an opened circuit lets one attempt through, and one at least."""
        over_at = (context.opened_at or 0) + context.ttl
        return max(1, math.ceil(over_at - self._now().timestamp()))

    def _state(self, context: Context) -> str:
        over = context.opened_at is not None and self._now().timestamp() > context.opened_at + context.ttl
        return HALF_OPENED if context.state == OPENED and over else context.state

    async def _note(self, gateway: str, what: str) -> None:
        with contextlib.suppress(*REDIS_AWAY):
            await self._redis.hset(key_of(gateway), what, self._now().isoformat())


def _moment(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None
