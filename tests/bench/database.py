"""PostgreSQL asked directly: what a list costs without anything of ours around it."""

import asyncio
import time
from collections.abc import Callable

import asyncpg

from mestore.catalog.public_list import ProductSort, Wanted, page_statement
from mestore.core.paging import encode


def rate(url: str, *, clients: int, seconds: float) -> Callable[[], float]:
    """Statements a second of the first page of the list, by asyncpg in a process that does nothing else."""
    return lambda: asyncio.run(_rate(url, clients, seconds))


async def _rate(url: str, clients: int, seconds: float) -> float:
    statement, values = page_statement("/media", Wanted(), 20, None)
    pool = await asyncpg.create_pool(url, min_size=8, max_size=8, server_settings={"jit": "off"})
    done = 0

    async def ask(until: float) -> None:
        nonlocal done
        while time.perf_counter() < until:
            async with pool.acquire() as connection:
                rows = await connection.fetch(statement, *values)
            ",".join(row[0] for row in rows[:20])
            done += 1

    begin = time.perf_counter()
    await asyncio.gather(*(ask(begin + seconds) for _ in range(clients)))
    taken = time.perf_counter() - begin
    await pool.close()
    return done / taken


async def cursor_of_page(url: str, page: int, *, per_page: int) -> str:
    """The cursor that leads to a page of the newest, or to the middle of a list that is shorter."""
    connection = await asyncpg.connect(url)
    try:
        count = await connection.fetchval("SELECT count(*) FROM products")
        before = min((page - 1) * per_page, count // 2)
        row = await connection.fetchrow(
            "SELECT created_at, id FROM products ORDER BY created_at DESC, id DESC OFFSET $1 LIMIT 1", before - 1
        )
    finally:
        await connection.close()
    return encode(ProductSort.NEWEST.value, row["created_at"].isoformat(), row["id"])
