"""What PgQueuer writes down of jobs and leaves for ever: three lines of a job, and counts of each second."""

from datetime import timedelta

from mestore.core.database import fetch, transaction
from mestore.core.world import World

KEPT = timedelta(days=30)
_BATCHES = 1_000
"""In one run: the next one goes on."""

_FORGET_LINES = """
    DELETE FROM pgqueuer_log WHERE id = ANY(ARRAY(
        SELECT line.id FROM pgqueuer_log line
        WHERE line.created < now() - $1::interval AND NOT EXISTS (SELECT FROM pgqueuer WHERE id = line.job_id)
        ORDER BY line.created LIMIT 5000))
    RETURNING id
"""
"""Lines of a job that is still there stay: they say why it failed, and how often it was taken over."""
_FORGET_COUNTS = """
    DELETE FROM pgqueuer_statistics
    WHERE id = ANY(ARRAY(SELECT id FROM pgqueuer_statistics ORDER BY id LIMIT 5000)) AND created < now() - $1::interval
    RETURNING id
"""
"""The oldest come first by their key: there is no index of their age."""


async def forget_finished_jobs(world: World) -> None:
    """Delete what is older than a month, each batch in a transaction of its own."""
    for statement in (_FORGET_LINES, _FORGET_COUNTS):
        for _ in range(_BATCHES):
            async with transaction(world.sessions) as session:
                if not await fetch(session, statement, KEPT):
                    break
