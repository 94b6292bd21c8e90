"""Takes the gateway's steps when they are due and carries its events to MeStore, again and again until it says 200."""

import asyncio
import contextlib
import json
import logging
import sqlite3
from http import HTTPStatus
from typing import Any

from mestore.sandbox.clock import Clock
from mestore.sandbox.controls import ControlPanel
from mestore.sandbox.posting import Poster
from mestore.sandbox.store import Store
from mestore.sandbox.wompi_ledger import Ledger

logger = logging.getLogger(__name__)

RETRY_SECONDS = (30 * 60, 3 * 3_600, 24 * 3_600)
"""Wompi's schedule, each counted on the virtual clock from the attempt before."""
RETRIED_KINDS = ("first", "retry")

DELIVERIES = """
    SELECT deliveries.*, events.transaction_id, events.reference, events.status AS event_status
    FROM deliveries JOIN events ON events.id = deliveries.event_id
"""


class Courier:
    def __init__(self, store: Store, panel: ControlPanel, clock: Clock, ledger: Ledger, events_url: str) -> None:
        self._store = store
        self._panel = panel
        self._clock = clock
        self._ledger = ledger
        self._events_url = events_url
        self._something_new = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._poster = Poster()

    async def run(self) -> None:
        while True:
            self._something_new.clear()
            self._ledger.take_due_steps()
            for delivery_id in self._due():
                self._send(delivery_id)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._something_new.wait(), self._seconds_to_next())

    async def close(self) -> None:
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._poster.close()

    def wake(self) -> None:
        self._something_new.set()

    async def finish_due(self) -> list[dict[str, Any]]:
        """Does now all that is due, and answers the deliveries made."""
        self._ledger.take_due_steps()
        due = self._due()
        await self._sent(*due)
        self.wake()
        return [self.delivery(delivery_id) for delivery_id in due]

    async def finish(self, transaction_id: str) -> None:
        """The transaction's next step and the delivery of its event, at once, whatever the delays."""
        self._ledger.take_due_steps(transaction_id)
        waiting = self._store.rows(
            f"{DELIVERIES} WHERE state = 'waiting' AND transaction_id = ? AND attempt = 1", transaction_id
        )
        await self._sent(*(row["id"] for row in waiting))

    async def finish_held(self) -> list[dict[str, Any]]:
        """One after the other: what a pause or a delay held back, and retries that are due."""
        order = "DESC" if self._panel.controls.events.reverse_order else "ASC"
        held = self._store.rows(
            f"{DELIVERIES} WHERE state = 'waiting' AND (attempt = 1 OR due <= ?) ORDER BY deliveries.id {order}",
            self._clock.now(),
        )
        for row in held:
            await self._sent(row["id"])
        return [self.delivery(row["id"]) for row in held]

    async def send_copies(self, event_id: int, kind: str, times: int, concurrency: int) -> list[dict[str, Any]]:
        gate = asyncio.Semaphore(concurrency)

        async def send_one() -> dict[str, Any]:
            async with gate:
                delivery_id = self._ledger.add_delivery(event_id, kind, self._clock.now())
                await self._sent(delivery_id)
                return self.delivery(delivery_id)

        return await asyncio.gather(*(send_one() for _ in range(times)))

    def delivery(self, delivery_id: int) -> dict[str, Any]:
        return self.deliveries("WHERE deliveries.id = ?", delivery_id)[0]

    def deliveries(self, condition: str = "", *values: Any) -> list[dict[str, Any]]:
        """Newest first."""
        return [dict(row) for row in self._store.rows(f"{DELIVERIES} {condition} ORDER BY deliveries.id DESC", *values)]

    def forget(self) -> None:
        for task in self._under_way.values():
            task.cancel()

    def _due(self) -> list[int]:
        if self._panel.controls.events.paused:
            return []
        rows = self._store.rows(
            "SELECT id FROM deliveries WHERE state = 'waiting' AND due <= ? ORDER BY due, id", self._clock.now()
        )
        return [row["id"] for row in rows]

    def _seconds_to_next(self) -> float | None:
        moments = [self._ledger.next_due()]
        if not self._panel.controls.events.paused:
            under_way = ",".join(map(str, self._under_way))
            query = f"SELECT min(due) FROM deliveries WHERE state = 'waiting' AND id NOT IN ({under_way})"  # noqa: S608 - ids
            moments.append(self._store.number(query))
        known = [moment for moment in moments if moment is not None]
        return max(0.0, min(known) - self._clock.now()) if known else None

    def _send(self, delivery_id: int) -> asyncio.Task[None]:
        """One task per delivery, however many ask for it."""
        task = self._under_way.get(delivery_id)
        if task is None:
            task = asyncio.create_task(self._deliver(delivery_id))
            self._under_way[delivery_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(delivery_id, None))
        return task

    async def _sent(self, *delivery_ids: int) -> None:
        """A caller who gives up waiting takes no delivery down with it."""
        if delivery_ids:
            await asyncio.wait([self._send(delivery_id) for delivery_id in delivery_ids])

    async def _deliver(self, delivery_id: int) -> None:
        row = self._store.row(
            "SELECT deliveries.*, events.body, events.headers FROM deliveries"
            " JOIN events ON events.id = deliveries.event_id WHERE deliveries.id = ? AND state = 'waiting'",
            delivery_id,
        )
        if row is None:
            return
        url = self._panel.controls.events.url or self._events_url
        sent_at = self._clock.iso()
        status_code, answer, error = await self._poster.post(url, row["body"], json.loads(row["headers"]))
        logger.info("event %s (%s) to %s: %s", row["event_id"], row["kind"], url, status_code or error)
        with self._store.transaction():
            self._store.execute(
                "UPDATE deliveries SET state = 'done', url = ?, sent_at = ?, status_code = ?, answer = ?, error = ?"
                " WHERE id = ?",
                *(url, sent_at, status_code, answer, error, delivery_id),
            )
            if status_code != HTTPStatus.OK:
                self._plan_retry(row)
        if status_code != HTTPStatus.OK:
            self.wake()

    def _plan_retry(self, row: sqlite3.Row) -> None:
        attempt: int = row["attempt"]
        if row["kind"] in RETRIED_KINDS and attempt <= len(RETRY_SECONDS):
            due = self._clock.now() + RETRY_SECONDS[attempt - 1]
            self._ledger.add_delivery(row["event_id"], "retry", due, attempt + 1)
