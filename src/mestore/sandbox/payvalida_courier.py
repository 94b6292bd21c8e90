"""Carries Payválida's notifications to MeStore, again and again until it says 200."""

from http import HTTPStatus
from typing import Any

from mestore.sandbox.clock import Clock
from mestore.sandbox.payvalida_ledger import PayvalidaLedger
from mestore.sandbox.payvalida_options import Options
from mestore.sandbox.rounds import Rounds
from mestore.sandbox.store import Store

RETRY_SECONDS = (5 * 60, 3_600, 24 * 3_600)
"""Payválida publishes no schedule; this is on the virtual clock, each counted from the attempt before."""


class PayvalidaCourier(Rounds):
    def __init__(
        self, store: Store, clock: Clock, ledger: PayvalidaLedger, options: Options, notifications_url: str
    ) -> None:
        super().__init__()
        self._store = store
        self._clock = clock
        self._ledger = ledger
        self._options = options
        self._url = notifications_url

    async def run(self) -> None:
        # What a killed process was sending is sent again: it may or may not have arrived.
        self._store.execute("UPDATE payvalida_deliveries SET state = 'waiting' WHERE state = 'sending'")
        await super().run()

    async def finish_due(self, *, held: bool = False) -> list[dict[str, Any]]:
        """Does now all that is due, and answers the deliveries made; `held`, also what a pause kept back."""
        self._ledger.expire()
        if self._options.read().paused and not held:
            return []
        async with self._gate:
            rows = self._store.rows(
                "SELECT id FROM payvalida_deliveries WHERE state = 'waiting' AND due <= ? ORDER BY due, id",
                self._clock.now(),
            )
            return await self._deliver_all([row["id"] for row in rows])

    async def send_copies(self, notification_id: int, times: int) -> list[dict[str, Any]]:
        """All at the same instant."""
        ids = [self._ledger.add_delivery(notification_id, self._clock.now(), attempt=0) for _ in range(times)]
        return await self._deliver_all(ids)

    def deliveries(self, order: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        rows = self._store.rows(
            "SELECT deliveries.*, notifications.po_id, notifications.origin FROM payvalida_deliveries AS deliveries"
            " JOIN payvalida_notifications AS notifications ON notifications.id = deliveries.notification_id"
            " WHERE ?1 IS NULL OR po_id = ?1 ORDER BY deliveries.id DESC",
            order,
        )
        return [dict(row) for row in rows]

    def _seconds_to_next(self) -> float | None:
        moments = [self._ledger.next_expiry()]
        if not self._options.read().paused:
            moments.append(self._store.number("SELECT min(due) FROM payvalida_deliveries WHERE state = 'waiting'"))
        known = [moment for moment in moments if moment is not None]
        return max(0.0, min(known) - self._clock.now()) if known else None

    async def _deliver(self, delivery_id: int) -> None:
        row = self._store.row(
            "SELECT deliveries.*, notifications.body FROM payvalida_deliveries AS deliveries"
            " JOIN payvalida_notifications AS notifications ON notifications.id = deliveries.notification_id"
            " WHERE deliveries.id = ? AND state = 'waiting'",
            delivery_id,
        )
        if row is None:
            return
        self._store.execute("UPDATE payvalida_deliveries SET state = 'sending' WHERE id = ?", delivery_id)
        url = self._options.read().url or self._url
        status_code, answer, error = await self._poster.post(url, row["body"], {"Content-Type": "application/json"})
        with self._store.transaction():
            self._store.execute(
                "UPDATE payvalida_deliveries SET state = 'done', status_code = ?, answer = ?, error = ?, sent_at = ?"
                " WHERE id = ?",
                *(status_code, answer, error, self._clock.iso(), delivery_id),
            )
            attempt: int = row["attempt"]
            if status_code != HTTPStatus.OK and 1 <= attempt <= len(RETRY_SECONDS):
                self._ledger.add_delivery(
                    row["notification_id"], self._clock.now() + RETRY_SECONDS[attempt - 1], attempt + 1
                )
