"""Payválida's books: orders, what counters collected on their codes, and the notification each change makes."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from mestore.sandbox.clock import Clock
from mestore.sandbox.payvalida_checks import COLOMBIA, Account, Refusal, last_moment, notification_checksum
from mestore.sandbox.payvalida_options import Options
from mestore.sandbox.store import Store

FIRST_NUMBER = 95_601
REVERSIBLE_SECONDS = 30
FORGERS_SECRET = "a secret that a forger guessed"  # noqa: S105 - public on purpose
NOTIFIED = {"APROBADA": "approved", "VENCIDA": "cancelled", "ANULADA": "cancelled"}


@dataclass(frozen=True)
class Collected:
    """What a counter took: `held` until its network confirms it."""

    id: int
    reference: str
    amount: int
    state: str


class PayvalidaLedger:
    def __init__(self, store: Store, clock: Clock, account: Account, options: Options) -> None:
        self._store = store
        self._clock = clock
        self._account = account
        self._options = options

    # Orders

    def create(self, body: dict[str, Any]) -> sqlite3.Row:
        now = self._clock.now()
        if self._store.row("SELECT 1 FROM payvalida_orders WHERE id = ?", body["order"]):
            raise Refusal("0042")
        number = FIRST_NUMBER + self._store.number("SELECT count(*) FROM payvalida_orders")
        reference = body.get("reference") or f"3260000{number:05}"
        if self._store.row("SELECT 1 FROM payvalida_orders WHERE reference = ? AND state = 'PENDIENTE'", reference):
            raise Refusal("0043")
        self._store.execute(
            "INSERT INTO payvalida_orders (number, id, reference, state, amount, body, expires_at, created_at,"
            " updated_at) VALUES (?, ?, ?, 'PENDIENTE', ?, ?, ?, ?, ?)",
            *(number, body["order"], reference, int(body["amount"]), json.dumps(body, ensure_ascii=False)),
            *(last_moment(body["expiration"], now), now, now),
        )
        return self.order(body["order"])

    def update(self, body: dict[str, Any]) -> sqlite3.Row:
        row = self.order(body["order"])
        if row["state"] != "PENDIENTE":
            raise Refusal("0041")
        now = self._clock.now()
        self._store.execute(
            "UPDATE payvalida_orders SET amount = ?, body = ?, expires_at = ?, updated_at = ? WHERE id = ?",
            *(int(body["amount"]), json.dumps(body, ensure_ascii=False), last_moment(body["expiration"], now), now),
            body["order"],
        )
        return self.order(body["order"])

    def delete(self, order: str) -> sqlite3.Row:
        """Its number stays used up, and nobody is notified."""
        if self.order(order)["state"] != "PENDIENTE":
            raise Refusal("0041")
        return self.move(order, "CANCELADA", notify=False)

    def order(self, order: str) -> sqlite3.Row:
        self.expire()
        row = self._store.row("SELECT * FROM payvalida_orders WHERE id = ?", order)
        if row is None:
            raise Refusal("0041")
        return row

    def by_code(self, reference: str) -> sqlite3.Row | None:
        """The newest order of a code."""
        self.expire()
        return self._store.row(
            "SELECT * FROM payvalida_orders WHERE reference = ? ORDER BY number DESC LIMIT 1", reference
        )

    def newest(self, limit: int = -1) -> list[sqlite3.Row]:
        self.expire()
        return self._store.rows("SELECT * FROM payvalida_orders ORDER BY number DESC LIMIT ?", limit)

    def expire(self) -> None:
        rows = self._store.rows(
            "SELECT id FROM payvalida_orders WHERE state = 'PENDIENTE' AND expires_at <= ?", self._clock.now()
        )
        for row in rows:
            with self._store.transaction():
                self.move(row["id"], "VENCIDA")

    def next_expiry(self) -> float | None:
        moment: float | None = self._store.number(
            "SELECT min(expires_at) FROM payvalida_orders WHERE state = 'PENDIENTE'"
        )
        return moment

    def move(self, order: str, state: str, *, notify: bool = True) -> sqlite3.Row:
        """Within a transaction of the caller's, where there is more to it."""
        self._store.execute(
            "UPDATE payvalida_orders SET state = ?, updated_at = ? WHERE id = ?", state, self._clock.now(), order
        )
        row = self._store.row("SELECT * FROM payvalida_orders WHERE id = ?", order)
        assert row is not None
        if notify and state in NOTIFIED:
            self.notify(row)
        return row

    # At the counter

    def take(self, reference: str, amount: int, operation: str, *, offline: bool = False) -> Collected:
        """What a counter took, which counts once it is confirmed.

        Offline, the counter can't ask first: it takes any amount for any code, as often as somebody pays (fault F50).
        """
        order = self.by_code(reference)
        if not offline:
            if order is None or order["state"] != "PENDIENTE":
                raise Refusal("0041")
            if order["amount"] and order["amount"] != amount:
                raise Refusal("0021")
        known = self._store.row("SELECT * FROM payvalida_collected WHERE operation = ?", operation)
        if known is not None:
            return _collected(known)
        identity = self._store.execute(
            "INSERT INTO payvalida_collected (number, reference, amount, operation, state, taken_at)"
            " VALUES (?, ?, ?, ?, 'held', ?)",
            *(order["number"] if order else None, reference, amount, operation, self._clock.now()),
        )
        return Collected(identity, reference, amount, "held")

    def confirm(self, operation: str, *, yes: bool) -> Collected:
        """A network's last word about what it took; "no" is taken for 30 seconds, and undoes a "yes"."""
        row = self._store.row("SELECT * FROM payvalida_collected WHERE operation = ?", operation)
        late = row is not None and self._clock.now() - row["taken_at"] > REVERSIBLE_SECONDS
        if row is None or row["state"] == "reversed" or (late and (row["state"] == "held" or not yes)):
            raise Refusal("0041")
        if yes and row["state"] == "confirmed":
            return _collected(row)
        with self._store.transaction():
            self._store.execute(
                "UPDATE payvalida_collected SET state = ? WHERE id = ?", "confirmed" if yes else "reversed", row["id"]
            )
            order = self._store.row("SELECT * FROM payvalida_orders WHERE number = ?", row["number"])
            if order is not None and yes:
                self.move(order["id"], "APROBADA")
            elif order is not None and row["state"] == "confirmed":
                self.move(order["id"], "ANULADA")
        confirmed = self._store.row("SELECT * FROM payvalida_collected WHERE id = ?", row["id"])
        assert confirmed is not None
        return _collected(confirmed)

    def collected_on(self, day: date) -> list[sqlite3.Row]:
        """What was confirmed of the day, in Colombia, oldest first."""
        start = datetime(day.year, day.month, day.day, tzinfo=COLOMBIA).timestamp()
        return self._store.rows(
            "SELECT * FROM payvalida_collected WHERE state = 'confirmed' AND taken_at >= ? AND taken_at < ?"
            " ORDER BY id",
            *(start, start + 86_400),
        )

    # Notifications

    def notification_of(
        self, order: sqlite3.Row, changes: dict[str, Any] | None = None, secret: str = ""
    ) -> dict[str, Any]:
        """The body, its checksum right for what it says unless another secret or checksum is asked for."""
        body: dict[str, Any] = {
            "pv_po_id": order["number"],
            "po_id": order["id"],
            "status": NOTIFIED.get(order["state"], "approved"),
            "amount": str(order["amount"]),
            "iso_currency": "COP",
            "pv_payment": "efecty",
        } | (changes or {})
        secret = secret or self._account.notification_hash
        checksum = notification_checksum(str(body["po_id"]), str(body["status"]), secret)
        return {"pv_checksum": checksum} | body

    def notify(self, order: sqlite3.Row) -> int:
        options = self._options.read()
        changes: dict[str, Any] = {} if options.amount is None else {"amount": options.amount}
        body = self.notification_of(order, changes, FORGERS_SECRET if options.wrong_checksum else "")
        if options.uppercase_checksum:
            body["pv_checksum"] = body["pv_checksum"].upper()
        return self.add_notification("payvalida", body, copies=1 + options.duplicate)

    def add_notification(self, origin: str, body: dict[str, Any], *, copies: int) -> int:
        notification_id = self._store.execute(
            "INSERT INTO payvalida_notifications (origin, po_id, body, created_at) VALUES (?, ?, ?, ?)",
            *(origin, str(body.get("po_id", "")), json.dumps(body, ensure_ascii=False), self._clock.iso()),
        )
        for _ in range(copies):
            self.add_delivery(notification_id, self._clock.now())
        return notification_id

    def add_delivery(self, notification_id: int, due: float, attempt: int = 1) -> int:
        return self._store.execute(
            "INSERT INTO payvalida_deliveries (notification_id, attempt, due) VALUES (?, ?, ?)",
            notification_id,
            attempt,
            due,
        )


def _collected(row: sqlite3.Row) -> Collected:
    return Collected(row["id"], row["reference"], row["amount"], row["state"])


def local_time(moment: float) -> str:
    """As Payválida writes it: `2022-02-07 10:45:57`, in Colombia."""
    return f"{datetime.fromtimestamp(moment, UTC).astimezone(COLOMBIA):%Y-%m-%d %H:%M:%S}"
