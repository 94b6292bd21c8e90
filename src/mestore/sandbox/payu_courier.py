"""Takes PayU's steps when they are due and carries its confirmations to MeStore, again and again until it says 200."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from mestore.sandbox.clock import Clock
from mestore.sandbox.payu_ledger import PayuLedger
from mestore.sandbox.payu_options import Options
from mestore.sandbox.rounds import Rounds
from mestore.sandbox.store import Store

RETRY_SECONDS = (5 * 60, 3_600, 24 * 3_600)
"""PayU publishes no schedule; this is on the virtual clock, each counted from the attempt before."""
RETRIED_KINDS = ("first", "retry")
DELIVERIES = (
    "SELECT deliveries.*, confirmations.reference, confirmations.fields, confirmations.url FROM payu_deliveries AS"
    " deliveries JOIN payu_confirmations AS confirmations ON confirmations.id = deliveries.confirmation_id"
)


class PayuCourier(Rounds):
    def __init__(self, store: Store, clock: Clock, ledger: PayuLedger, options: Options) -> None:
        super().__init__()
        self._store = store
        self._clock = clock
        self._ledger = ledger
        self._options = options

    async def finish_due(self, *, held: bool = False) -> list[dict[str, Any]]:
        """Does now all that is due, and answers the deliveries made; `held`, also what a pause kept back."""
        self._ledger.take_due_steps()
        if self._options.read().paused and not held:
            return []
        async with self._gate:
            rows = self._store.rows(
                "SELECT id FROM payu_deliveries WHERE state = 'waiting' AND due <= ? ORDER BY due, id",
                self._clock.now(),
            )
            return await self._deliver_all([row["id"] for row in rows])

    async def send_copies(self, confirmation_id: int, kind: str, times: int) -> list[dict[str, Any]]:
        """All at the same instant."""
        now = self._clock.now()
        return await self._deliver_all([self._ledger.add_delivery(confirmation_id, kind, now) for _ in range(times)])

    def deliveries(self, reference: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        rows = self._store.rows(
            f"{DELIVERIES} WHERE ?1 IS NULL OR reference = ?1 ORDER BY deliveries.id DESC", reference
        )
        return [dict(row) | {"fields": json.loads(row["fields"])} for row in rows]

    def _seconds_to_next(self) -> float | None:
        moments = [self._ledger.next_due()]
        if not self._options.read().paused:
            moments.append(self._store.number("SELECT min(due) FROM payu_deliveries WHERE state = 'waiting'"))
        known = [moment for moment in moments if moment is not None]
        return max(0.0, min(known) - self._clock.now()) if known else None

    async def _deliver(self, delivery_id: int) -> None:
        row = self._store.row(f"{DELIVERIES} WHERE deliveries.id = ? AND state = 'waiting'", delivery_id)
        if row is None:
            return
        options = self._options.read()
        fields = json.loads(row["fields"])
        if "attempts" in fields:
            fields["attempts"] = str(row["attempt"])
        kind = "application/json" if options.json_body else "application/x-www-form-urlencoded"
        body = json.dumps(fields, ensure_ascii=False) if options.json_body else urlencode(fields)
        url = options.url or row["url"]
        status_code, answer, error = await self._poster.post(url, body, {"Content-Type": kind})
        with self._store.transaction():
            self._store.execute(
                "UPDATE payu_deliveries SET state = 'done', body = ?, sent_at = ?, status_code = ?, answer = ?,"
                " error = ? WHERE id = ?",
                *(body, self._clock.iso(), status_code, answer, error, delivery_id),
            )
            self._plan_retry(delivery_id, status_code)

    def _plan_retry(self, delivery_id: int, status_code: int | None) -> None:
        """None of a delivery that was forgotten meanwhile."""
        row = self._store.row("SELECT * FROM payu_deliveries WHERE id = ?", delivery_id)
        if row is None or status_code == HTTPStatus.OK or row["kind"] not in RETRIED_KINDS:
            return
        attempt: int = row["attempt"]
        if attempt <= len(RETRY_SECONDS):
            due = self._clock.now() + RETRY_SECONDS[attempt - 1]
            self._ledger.add_delivery(row["confirmation_id"], "retry", due, attempt + 1)
