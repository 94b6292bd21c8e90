"""A job that kills each worker that takes it: it is kept as failed in the end, and no other job is lost for it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from pgqueuer.types import JobId

from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.fire.aftermath import connected, nothing_is_wrong
from tests.fire.test_kill import Story, becomes
from tests.make import Make
from tests.rows import Rows

ATTEMPTS = 2
PATIENCE = 90
POISON = "payments.handle_gateway_event"


@contextmanager
def worker_that_dies_of(system: RunningSystem, failpoint: str) -> Iterator[subprocess.Popen[bytes]]:
    """One that is not waited for: the job that kills it may do so before it is ready."""
    environment = {
        **system.environment,
        "MESTORE_FAILPOINTS": f'{{"{failpoint}": "kill"}}',
        "MESTORE_JOBS_MAX_ATTEMPTS": str(ATTEMPTS),
    }
    with (system.folder / "logs" / "dying.log").open("ab") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "mestore", "worker"], env=environment, stdout=output, stderr=output
        )
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait()


async def test_k20_a_job_that_kills_its_worker_every_time_fails_for_good_and_others_pass_it(
    system: RunningSystem, api: Api, make: Make, rows: Rows
) -> None:
    story = Story(system, api, make, rows)
    await story.order_placed()
    assert (await story.pay()).status_code == 200
    system.stop("worker")
    await story.approved_at_the_bank()
    addresses = [f"vecina{number}.{story.order.id}@example.co" for number in range(6)]
    for address in addresses:
        body = {"email": address, "password": "el-loro-canta-a-las-6", "full_name": "Ana Ruiz", "phone": "3001234567"}
        assert (await api.post("/api/v1/auth/register", body)).status_code == 201

    async def job() -> str | None:
        found = await rows.execute("SELECT status::text FROM pgqueuer WHERE entrypoint = :name", name=POISON)
        return found[0][0] if found else None

    async def queued() -> bool:
        return await job() == "queued"

    await becomes(queued)
    deaths, deadline = 0, time.monotonic() + PATIENCE
    while await job() != "failed":
        assert time.monotonic() < deadline, system.log("worker")
        with worker_that_dies_of(system, "applying") as worker:
            while worker.poll() is None and await job() != "failed":
                assert time.monotonic() < deadline
            deaths += worker.poll() == -9
    assert deaths == ATTEMPTS + 1, "the first time, and each attempt after that"
    await story.untouched()

    system.start("worker")

    async def others_went_on() -> bool:
        return all(system.sandbox.mails(address) for address in addresses)

    await becomes(others_went_on)
    blamed = await rows.execute("SELECT entrypoint FROM pgqueuer WHERE status = 'failed'")
    assert [row[0] for row in blamed] == [POISON]
    async with connected(system) as connection:
        failed = await connection.fetchval("SELECT id FROM pgqueuer WHERE status = 'failed'")
        await Queries(AsyncpgDriver(connection)).requeue_jobs([JobId(failed)])
    await story.has_exactly_one_effect()
    await nothing_is_wrong(system)
