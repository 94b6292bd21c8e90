"""The job worker: runs what rooms published, each job in a transaction of its own, again after a growing pause if it
fails.

A worker that dies leaves its jobs picked; another takes them over when their heartbeat is `jobs.heartbeat_seconds` old
(`app/job_queries.py`). A job that failed `jobs.max_attempts` times is kept as failed for an administrator, and the
others pass it.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

import asyncpg
import structlog
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.errors import FailingListenerError
from pgqueuer.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.models import Job, Schedule
from pgqueuer.types import QueueExecutionMode

from mestore.app.job_queries import JobQueries
from mestore.app.subscriptions import PERIODIC, TASKS
from mestore.core import failpoints, logs, problems
from mestore.core.clock import utc_now
from mestore.core.jobs import PeriodicTask, Task
from mestore.core.settings import Settings
from mestore.core.world import World, open_world

log = structlog.get_logger(__name__)
_CLOSE_SECONDS = 5
_PAUSE_SECONDS = 0.025


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; jobs that run then are finished first."""
    logs.configure(settings.log_level)
    failpoints.arm(settings.failpoints)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_world(settings, utc_now, TASKS, name="worker") as world:
        while not stop.is_set():
            try:
                await _work(world, stop)
            except Exception as error:
                # PgQueuer says so of a connection that brings no news.
                if not isinstance(error, FailingListenerError) and not problems.is_transient(error):
                    raise
                log.warning("worker_waits_for_database", error=type(error).__name__)
                await _wait(stop, seconds=1)


async def _work(world: World, stop: asyncio.Event) -> None:
    async with _pool(world.settings) as pool:
        queue = queue_of(world, pool, TASKS, PERIODIC, _PAUSE_SECONDS)
        # PgQueuer tries out whether it hears news before it listens, and ends the worker if it was too quick.
        await queue.connection.add_listener(queue.channel, lambda _: None)
        heartbeat = timedelta(seconds=world.settings.jobs.heartbeat_seconds)
        stopper = asyncio.create_task(_stop_when(stop, queue))
        ready = world.settings.data_dir / "worker.ready"
        ready.parent.mkdir(parents=True, exist_ok=True)
        ready.touch()
        log.info("worker_ready", tasks=len(TASKS), periodic=len(PERIODIC))
        try:
            await queue.run(
                # New jobs wake the worker at once; those of a dead one are noticed at this interval.
                dequeue_timeout=heartbeat / 2,
                heartbeat_timeout=heartbeat,
                max_concurrent_tasks=world.settings.jobs.at_once,
                shutdown_on_listener_failure=True,
            )
        finally:
            stopper.cancel()
            ready.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _pool(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    """Closing it waits for connections that are out, and one that broke may never come back."""
    pool = await asyncpg.create_pool(
        settings.database.url, min_size=1, max_size=3, command_timeout=10, reset=_leave_as_it_is
    )
    try:
        yield pool
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await pool.close()


async def _leave_as_it_is(_connection: object) -> None:
    """PgQueuer sets nothing in a connection that the next statement could stumble over."""


def queue_of(
    world: World, pool: asyncpg.Pool, tasks: Sequence[Task], periodic: Sequence[PeriodicTask], pause: float = 0
) -> PgQueuer:
    """A queue on which every task and periodic task is registered; for `pause` see `JobQueries`."""
    driver = AsyncpgPoolDriver(pool)
    queries = JobQueries(driver, pause)
    queue = PgQueuer(driver, queries=queries)
    patiently = partial(DatabaseRetryEntrypointExecutor, max_attempts=world.settings.jobs.max_attempts)
    for task in tasks:
        queue.entrypoint(task.name, on_failure="hold", executor_factory=patiently)(_handler(world, task, queries))
    for each in periodic:
        queue.schedule(each.name, each.every, clean_old=True)(_periodic_handler(world, each))
    return queue


async def drain(world: World, tasks: Sequence[Task]) -> None:
    """Run every job that waits, and those that follow from them, then return."""
    async with _pool(world.settings) as pool:
        queue = queue_of(world, pool, tasks, ())
        await queue.qm.run(mode=QueueExecutionMode.drain, dequeue_timeout=timedelta(milliseconds=50))


def _handler(world: World, task: Task, queries: JobQueries) -> Callable[[Job], Awaitable[None]]:
    async def handle(job: Job) -> None:
        assert job.payload is not None
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job_id=int(job.id), job=task.name, attempt=job.attempts)
        if request_id := (job.headers or {}).get("request_id"):
            structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        async with queries.suspected(job, world.settings.jobs.max_attempts):
            failpoints.failpoint("job_claimed")
            await task.handle(world, task.event.of_payload(job.payload))
        log.info("job_done", ms=round((time.perf_counter() - started) * 1000, 1))

    return handle


def _periodic_handler(world: World, task: PeriodicTask) -> Callable[[Schedule], Awaitable[None]]:
    async def handle(_schedule: Schedule) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job=task.name)
        try:
            await task.handle(world)
        except Exception:
            # The next run comes by itself; a failure must not end the scheduler.
            log.exception("periodic_job_failed")

    return handle


async def _stop_when(stop: asyncio.Event, queue: PgQueuer) -> None:
    await stop.wait()
    queue.shutdown.set()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
