"""kill -9 of any one process while the demo is played: started again, it leaves nothing wrong in the database."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from mestore.app import check
from tests.app.running_system import NAMES, RunningSystem
from tests.fire.test_kill import becomes

BEFORE = {
    "while the buyer pays": "the order is returned",
    "while the order is confirmed": "and approves the payment there",
}
"""The step after which it is killed: the next one is under way then."""

WOMPI_REPEATS_AFTER = 30 * 60 + 1

UNFINISHED = """
    SELECT entrypoint || ' ' || status::text FROM pgqueuer
    UNION ALL SELECT 'payment ' || reference FROM payments WHERE status = 'PROCESSING'
    UNION ALL SELECT 'paid ' || p.reference FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.reference = ANY($1) AND (p.status, o.status) <> ('APPROVED', 'CONFIRMED')
    UNION ALL SELECT 'charged ' || r.reference FROM unnest($1::text[]) AS r(reference)
        WHERE NOT EXISTS (SELECT FROM payments p WHERE p.reference = r.reference)
"""
"""What still is to be done, where $1 was paid at the bank. A job that failed for good is never done."""


@pytest.fixture(name="system", scope="module")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    environment = {
        "MESTORE_JOBS_HEARTBEAT_SECONDS": "1",
        "MESTORE_WOMPI_TIMEOUT_SECONDS": "3",
        "MESTORE_PAYMENTS_NOT_FOUND_GRACE_SECONDS": "0",
    }
    with RunningSystem(tmp_path_factory.mktemp("demo"), environment=environment) as system:
        system.seed()
        yield system


class Demo:
    """`mestore demo`, as a person runs it."""

    def __init__(self, system: RunningSystem) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mestore", "demo"],
            env=system.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        self._output = self._process.stdout

    def reach(self, step: str) -> None:
        assert any(step in line for line in self._output), f"it ended before “{step}”"

    def end(self) -> tuple[int, str]:
        output = self._output.read()
        self._output.close()
        return self._process.wait(), output


@asynccontextmanager
async def connected(system: RunningSystem) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(system.database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def unfinished(system: RunningSystem) -> Sequence[str]:
    paid = [each["reference"] for each in system.sandbox.transactions() if each["status"] == "APPROVED"]
    async with connected(system) as connection:
        await connection.execute("UPDATE payments SET ask_after = now() WHERE ask_after > now()")  # the sweeper's turn
        return [row[0] for row in await connection.fetch(UNFINISHED, paid)]


async def nothing_is_wrong(system: RunningSystem) -> None:
    system.sandbox.control("advance_clock", seconds=WOMPI_REPEATS_AFTER)

    async def is_finished() -> bool:
        return not await unfinished(system)

    await becomes(is_finished)
    assert await asyncio.to_thread(check.run, system.settings) == 0


@pytest.mark.parametrize("moment", BEFORE)
@pytest.mark.parametrize("process", NAMES)
async def test_any_process_may_die(system: RunningSystem, process: str, moment: str) -> None:
    demo = Demo(system)
    demo.reach(BEFORE[moment])
    system.kill(process)
    system.start(process)
    demo.end()
    assert [name for name in NAMES if not system.is_running(name)] == ["sandbox"], "the others outlive it"
    await nothing_is_wrong(system)


async def test_after_all_that_the_demo_is_played_to_its_end(system: RunningSystem) -> None:
    code, output = Demo(system).end()
    assert code == 0, output
    assert "All 17 steps are right" in output
    await nothing_is_wrong(system)
