"""`session:{user_id}:{sid}` in Redis: where a session is and when it was last seen.

Nothing depends on it (ADR 6): rows of `user_sessions` decide who is signed in, so that losing Redis signs nobody in or
out, and a Redis that is away costs a log line and its short time-out.
"""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import structlog
from redis.exceptions import RedisError

from mestore.auth.device import Device
from mestore.core.ids import SessionId, UserId
from mestore.core.wiring import TheWorld

log = structlog.get_logger(__name__)


class SessionCache:
    def __init__(self, world: TheWorld) -> None:
        self._redis = world.redis
        self._kept = timedelta(days=world.settings.auth.refresh_days)
        self._now = world.now

    async def remember(self, user_id: UserId, session_id: SessionId, device: Device) -> None:
        key = _key(user_id, session_id)
        fields: dict[Any, Any] = {
            "ip": device.ip or "",
            "user_agent": device.user_agent or "",
            "last_seen": self._now().isoformat(),
        }
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hset(key, mapping=fields)
        pipeline.expire(key, self._kept)
        await _try(pipeline.execute())

    async def forget(self, user_id: UserId, *session_ids: SessionId) -> None:
        if session_ids:
            await _try(self._redis.delete(*(_key(user_id, session_id) for session_id in session_ids)))


def _key(user_id: UserId, session_id: SessionId) -> str:
    return f"session:{user_id}:{session_id}"


async def _try(call: Awaitable[Any]) -> None:
    try:
        await call
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("session_cache_away", error=type(error).__name__)
