"""What is often searched for, counted in Redis, a key for each week: losing it loses only suggestions.

Only queries that found something and whose every word is the catalogue's own are counted, and only those asked several
times are shown: what somebody typed by mistake, a name or a number, is nobody else's to see.
"""

from datetime import datetime, timedelta
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from mestore.search.spelling import folded

_SHOWN_FROM = 3
_MOST_KEPT = 2_000
_LONGEST = 60
_KEEP = timedelta(days=15)
_AWAY = (RedisError, OSError, TimeoutError)


def _key(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"search:popular:{year}-{week}"


async def count(redis: Redis, text: str, now: datetime) -> None:
    asked = " ".join(text.lower().split())
    if len(asked) > _LONGEST:
        return
    key = _key(now)
    try:
        pipeline = redis.pipeline(transaction=False)
        pipeline.zincrby(key, 1, asked)
        pipeline.zremrangebyrank(key, 0, -_MOST_KEPT - 1)
        pipeline.expire(key, _KEEP)
        await pipeline.execute()
    except _AWAY:
        return


async def beginning_with(redis: Redis, prefix: str, now: datetime, limit: int) -> list[str]:
    """Of this week and the one before, the most asked first; nothing while Redis is away."""
    wanted = folded(prefix)
    times: dict[str, float] = {}
    try:
        for moment in (now, now - timedelta(days=7)):
            counted = await redis.zrange(_key(moment), 0, _MOST_KEPT, desc=True, withscores=True)
            for query, count_of_week in cast("list[tuple[str, float]]", counted):
                times[query] = times.get(query, 0) + count_of_week
    except _AWAY:
        return []
    known = [each for each in times if times[each] >= _SHOWN_FROM and folded(each).startswith(wanted)]
    return sorted(known, key=lambda each: (-times[each], each))[:limit]
