"""What a migration does to rows that are there: the jobs of a marketplace that is running."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import orjson

from mestore.app import migrations


async def waiting(url: str) -> list[tuple[str, dict[str, Any]]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT entrypoint, payload FROM pgqueuer ORDER BY entrypoint, payload")
        return [(row["entrypoint"], orjson.loads(row["payload"])) for row in rows]
    finally:
        await connection.close()


async def queue(url: str, *jobs: tuple[str, dict[str, Any]]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            "INSERT INTO pgqueuer (priority, status, entrypoint, payload) VALUES (0, 'queued', $1, $2)",
            [(name, orjson.dumps(payload)) for name, payload in jobs],
        )
    finally:
        await connection.close()


def test_letters_that_wait_are_sent_by_the_new_job_and_by_the_old_one_again(
    new_database: Callable[[str], str],
) -> None:
    url = new_database("letters_of_one_fact")
    migrations.downgrade(url, "0018")
    one_letter, code, sms = (
        ("notifications.send_message", {"message_id": 1}),
        ("notifications.send_code", {"message_id": 2}),
        ("notifications.send_sms", {"message_id": 3}),
    )
    asyncio.run(queue(url, one_letter, code, sms))
    migrations.upgrade(url, "0019")
    assert asyncio.run(waiting(url)) == [
        ("notifications.send_code", {"message_ids": [2]}),
        ("notifications.send_letters", {"message_ids": [1]}),
        sms,
    ]
    asyncio.run(queue(url, ("notifications.send_letters", {"message_ids": [4, 5]})))
    migrations.downgrade(url, "0018")
    assert asyncio.run(waiting(url)) == [
        code,
        one_letter,
        *(("notifications.send_message", {"message_id": number}) for number in (4, 5)),
        sms,
    ]
