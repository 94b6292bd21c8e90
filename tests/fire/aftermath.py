"""What a killed system comes to: everything that was begun is finished, and nothing is wrong."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from mestore.app import check
from tests.app.running_system import RunningSystem

PATIENCE = 60
WOMPI_REPEATS_AFTER = 30 * 60 + 1

UNFINISHED = """
    SELECT entrypoint || ' ' || status::text FROM pgqueuer
    UNION ALL SELECT 'payment ' || reference FROM payments WHERE status = 'PROCESSING'
    UNION ALL SELECT 'paid ' || p.reference FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.reference = ANY($1)
            AND (p.status <> 'APPROVED' OR o.status NOT IN ('CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED'))
    UNION ALL SELECT 'charged ' || r.reference FROM unnest($1::text[]) AS r(reference)
        WHERE NOT EXISTS (SELECT FROM payments p WHERE p.reference = r.reference)
"""
"""What still is to be done, where $1 was paid at the bank. A job that failed for good is never done."""


async def nothing_is_wrong(system: RunningSystem) -> None:
    """Once Wompi has repeated what nobody heard, and the sweeper has had its turn."""
    system.sandbox.control("advance_clock", seconds=WOMPI_REPEATS_AFTER)
    deadline = time.monotonic() + PATIENCE
    while unfinished := await _unfinished(system):
        assert time.monotonic() < deadline, f"{len(unfinished)} are unfinished, as {unfinished[:10]}"
        await asyncio.sleep(0.1)
    assert await asyncio.to_thread(check.run, system.settings) == 0


async def _unfinished(system: RunningSystem) -> Sequence[str]:
    paid = [each["reference"] for each in system.sandbox.transactions() if each["status"] == "APPROVED"]
    async with connected(system) as connection:
        await connection.execute("UPDATE payments SET ask_after = now() WHERE ask_after > now()")
        return [row[0] for row in await connection.fetch(UNFINISHED, paid)]


@asynccontextmanager
async def connected(system: RunningSystem) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(system.database_url)
    try:
        yield connection
    finally:
        await connection.close()
