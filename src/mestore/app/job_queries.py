"""PgQueuer's queries, for a worker that may die at any time, with PostgreSQL or through a job.

A job that another worker had in its hands when it died may be what killed it. So each time that it is taken over counts
as an attempt, before it begins; and those that were taken over run one at a time, so that none is blamed for another.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job, TracebackRecord
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries
from pgqueuer.types import JobId, QueueEntrypoint, QueueManagerId

log = structlog.get_logger(__name__)
_TAKEN_OVER = """
    SELECT picked.job_id FROM pgqueuer_log picked
    WHERE picked.job_id = ANY($1) AND picked.status = 'picked' AND picked.id > coalesce(
        (SELECT max(queued.id) FROM pgqueuer_log queued
         WHERE queued.job_id = picked.job_id AND queued.status = 'queued'), 0)
    GROUP BY picked.job_id HAVING count(*) > 1
"""
_COUNT_ATTEMPTS = "UPDATE pgqueuer SET attempts = attempts + $3 WHERE id = $1 AND queue_manager_id = $2"


class KillsItsWorker(Exception):
    """Each worker that had this job in its hands died."""


class JobQueries(Queries):
    """PgQueuer's, for a worker that may die at any time."""

    def __init__(self, driver: AsyncpgPoolDriver, pause: float = 0) -> None:
        """`pause` seconds lie between two looks into the queue, unless the first found as many jobs as it may take: a
        look costs as much as a job, and what comes meanwhile is taken together.
        """
        super().__init__(driver)
        self._pause = pause
        self._next_look = 0.0
        self._taken_over: set[JobId] = set()
        self._alone = asyncio.Lock()

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        """Notes which of the jobs another worker had, which neither finished them nor gave them back.

        Only a job that is older than a heartbeat may be can have been taken from anybody.
        """
        if (wait := self._next_look - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        jobs = await super().dequeue(
            batch_size, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout
        )
        self._next_look = 0 if len(jobs) == batch_size else time.monotonic() + self._pause
        self._taken_over.difference_update(job.id for job in jobs)
        old = [job.id for job in jobs if job.heartbeat - job.created >= heartbeat_timeout]
        if old:
            found = await self.driver.fetch(_TAKEN_OVER, old)
            self._taken_over.update(JobId(int(str(row["job_id"]))) for row in found)
        return jobs

    @contextlib.asynccontextmanager
    async def suspected(self, job: Job, max_attempts: int) -> AsyncIterator[None]:
        """Within it a job that was taken over runs alone among its like, counted as failed until it has ended, however.

        Raises:
            KillsItsWorker: it has had all its attempts.
        """
        if job.id not in self._taken_over:
            yield
            return
        self._taken_over.discard(job.id)
        async with self._alone:
            if job.attempts >= max_attempts:
                raise KillsItsWorker
            await self.driver.execute(_COUNT_ATTEMPTS, job.id, job.queue_manager_id, 1)
            try:
                yield
            finally:
                # It did not kill its worker. That is written before the next suspect may: PgQueuer itself writes what
                # was done only a moment later, and would blame this one too.
                await self.driver.execute(_COUNT_ATTEMPTS, job.id, job.queue_manager_id, -1)

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Give a failed job back. While PostgreSQL is away it stays picked, until its heartbeat is old.

        PgQueuer itself would count a job as failed for good when it can't be given back.
        """
        try:
            await super().retry_job(job, delay, traceback_record)
        except Exception as error:  # noqa: BLE001 - whatever it was, the job is not lost
            log.warning("job_not_given_back", job_id=int(job.id), error=type(error).__name__)
