"""PgQueuer's lines about jobs do not pile up."""

from datetime import timedelta

from mestore.core.finished_jobs import KEPT, forget_finished_jobs
from mestore.core.world import World
from tests.rows import Rows

_LINE = """
    INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, created)
    SELECT :job, CAST(:status AS pgqueuer_status), 0, 'a', now() - CAST(:age AS interval)
    FROM generate_series(1, :times)
"""
DAY = timedelta(days=1)


async def lines(rows: Rows) -> list[tuple[int, str]]:
    found = await rows.execute("SELECT DISTINCT job_id, status::text FROM pgqueuer_log ORDER BY 1, 2")
    return [(row[0], row[1]) for row in found]


async def test_lines_of_jobs_that_are_gone_go_after_a_month(world: World, rows: Rows) -> None:
    for job, age in ((1, KEPT + DAY), (2, KEPT - DAY)):
        for status in ("queued", "picked", "successful"):
            await rows.execute(_LINE, job=job, status=status, age=age, times=1)
    await forget_finished_jobs(world)
    assert await lines(rows) == [(2, "picked"), (2, "queued"), (2, "successful")]


async def test_what_is_known_of_a_job_that_failed_stays_with_it(world: World, rows: Rows) -> None:
    (job,) = (
        await rows.execute(
            "INSERT INTO pgqueuer (priority, status, entrypoint, created)"
            " VALUES (0, 'failed', 'a', now() - interval '1 year') RETURNING id"
        )
    )[0]
    await rows.execute(_LINE, job=job, status="exception", age=KEPT + DAY, times=2)
    await forget_finished_jobs(world)
    assert await lines(rows) == [(job, "exception")]


async def test_many_go_in_batches(world: World, rows: Rows) -> None:
    await rows.execute(_LINE, job=1, status="successful", age=KEPT + DAY, times=12_000)
    await forget_finished_jobs(world)
    assert await lines(rows) == []


async def test_counts_go_after_a_month(world: World, rows: Rows) -> None:
    for days in (29, 31):
        await rows.execute(
            "INSERT INTO pgqueuer_statistics (count, priority, status, entrypoint, created)"
            " VALUES (:days, 0, 'successful', 'a', now() - CAST(:age AS interval))",
            days=days,
            age=days * DAY,
        )
    await forget_finished_jobs(world)
    assert [row[0] for row in await rows.execute("SELECT count FROM pgqueuer_statistics")] == [29]
