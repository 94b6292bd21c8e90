"""The gateway's books: tokens, transactions, what becomes of them, and the event each change makes."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt

from mestore.sandbox import wompi_events
from mestore.sandbox.clock import Clock, iso
from mestore.sandbox.controls import ControlPanel
from mestore.sandbox.store import Store
from mestore.sandbox.wompi_checks import REDIRECT_METHODS, Keys, invalid, unprocessable
from mestore.sandbox.wompi_outcomes import Outcome, RecordedAmount, card_outcome, planned_outcome

MERCHANT = {
    "id": 4021,
    "name": "MeStore",
    "legal_name": "MeStore SAS",
    "contact_name": "Ana Ruiz",
    "phone_number": "+573001112233",
    "logo_url": None,
    "legal_id_type": "NIT",
    "email": "pagos@mestore.example",
    "legal_id": "901234567-8",
}
ACCEPTANCE = {"acceptance_token": "END_USER_POLICY", "accept_personal_auth": "PERSONAL_DATA_AUTH"}
POLICY_SECONDS = 3_600
TOKEN_SIGNING_KEY = "the sandbox signs its acceptance tokens with this"  # noqa: S105 - nobody checks them but us
BRANDS = {"4": "VISA", "5": "MASTERCARD", "3": "AMEX"}
NO_3DS = {"is_three_ds": False, "three_ds_auth_type": None}


class Ledger:
    def __init__(self, store: Store, panel: ControlPanel, clock: Clock, keys: Keys) -> None:
        self._store = store
        self._panel = panel
        self._clock = clock
        self._keys = keys

    # Tokens

    def issue_acceptance_token(self, kind: str, permalink: str) -> str:
        now = self._clock.now()
        claims: dict[str, Any] = {"contract_id": MERCHANT["id"], "permalink": permalink, "jit": secrets.token_hex(12)}
        if kind == "END_USER_POLICY":
            claims["exp"] = int(now) + POLICY_SECONDS
        token = jwt.encode(claims, TOKEN_SIGNING_KEY, algorithm="HS256")
        self._store.execute(
            "INSERT INTO acceptance_tokens (token, kind, expires_at) VALUES (?, ?, ?)", token, kind, claims.get("exp")
        )
        return token

    def burn_acceptance_tokens(self, body: dict[str, Any]) -> None:
        """Both are used up from here on, whatever the signature turns out to be."""
        for field, kind in ACCEPTANCE.items():
            if not body.get(field):
                raise invalid("No está presente", field)
            row = self._store.row(
                "SELECT * FROM acceptance_tokens WHERE token = ? AND kind = ?", str(body[field]), kind
            )
            if row is None or (row["expires_at"] and row["expires_at"] < self._clock.now()):
                raise invalid("El token de aceptación es inválido", field)
            if row["used"]:
                raise invalid("El token de aceptación ya fue usado", field)
        self._store.execute(
            "UPDATE acceptance_tokens SET used = 1 WHERE token IN (?, ?)", *(body[field] for field in ACCEPTANCE)
        )

    def issue_card_token(self, card: Mapping[str, Any], outcome: Outcome | None = None) -> dict[str, Any]:
        """`outcome` is what its number says, unless it is told."""
        number = card["number"]
        brand = BRANDS.get(number[0], "OTHER")
        extra = {
            "bin": number[:6],
            "name": f"{brand}-{number[-4:]}",
            "brand": brand,
            "exp_year": card["exp_year"],
            "exp_month": card["exp_month"],
            "last_four": number[-4:],
            "card_holder": card["card_holder"],
        }
        token = f"tok_{self._keys.environment}_{MERCHANT['id']}_{secrets.token_hex(8)}"
        self._store.execute(
            "INSERT INTO card_tokens (token, outcome, extra) VALUES (?, ?, ?)",
            token,
            json.dumps(outcome or card_outcome(number)),
            json.dumps(extra, ensure_ascii=False),
        )
        now = self._clock.now()
        return {"id": token, "created_at": iso(now), **extra, "expires_at": iso(now + 180 * 86_400)}

    def unused_card(self, body: dict[str, Any]) -> sqlite3.Row | None:
        method = body["payment_method"]
        if method["type"] != "CARD":
            return None
        row = self._store.row("SELECT * FROM card_tokens WHERE token = ? AND NOT used", method["token"])
        if row is None:
            raise invalid("El token es inválido", "payment_method", "token")
        return row

    # Transactions

    def create(self, body: dict[str, Any], card: sqlite3.Row | None, bank_page: str) -> dict[str, Any]:
        if self._store.row("SELECT 1 FROM transactions WHERE reference = ?", body["reference"]):
            raise invalid("La referencia ya ha sido usada", "reference")
        now = self._clock.now()
        method = {field: value for field, value in body["payment_method"].items() if field != "token"}
        method["extra"] = json.loads(card["extra"]) | NO_3DS if card else dict(NO_3DS)
        outcome = planned_outcome(method, Outcome(*json.loads(card["outcome"])) if card else None)
        ticket = secrets.token_hex(16) if method["type"] in REDIRECT_METHODS else None
        transaction = {
            "id": f"{secrets.randbelow(90_000_000) + 10_000_000}-{int(now)}-{secrets.randbelow(90_000) + 10_000}",
            "created_at": iso(now),
            "finalized_at": None,
            "amount_in_cents": body["amount_in_cents"],
            "currency": body["currency"],
            "tip_in_cents": None,
            "reference": body["reference"],
            "customer_email": body["customer_email"],
            "payment_method_type": method["type"],
            "payment_method": method,
            "status": "PENDING",
            "status_message": None,
            "redirect_url": body.get("redirect_url"),
            "merchant": {**MERCHANT, "public_key": self._keys.public},
            "taxes": body.get("taxes") or [],
            "payment_link_id": None,
            "payment_source_id": None,
            "shipping_address": body.get("shipping_address"),
            "billing_data": None,
            "bill_id": None,
            "customer_data": body.get("customer_data"),
        }
        if card:
            self._store.execute("UPDATE card_tokens SET used = 1 WHERE token = ?", card["token"])
        self._store.execute(
            "INSERT INTO transactions (id, reference, status, document, due, planned_status, planned_message, ticket,"
            " page_url) VALUES (?, ?, 'PENDING', ?, ?, ?, ?, ?, ?)",
            transaction["id"],
            transaction["reference"],
            json.dumps(transaction, ensure_ascii=False),
            self._next_step_at(),
            *(outcome or (None, None)),
            ticket,
            f"{bank_page}?ticket_id={ticket}" if ticket else None,
        )
        return transaction

    def _next_step_at(self) -> float:
        delay = self._panel.controls.settle_delay
        return self._clock.now() + secrets.SystemRandom().uniform(delay.min, max(delay.min, delay.max))

    def find(self, transaction_id: str) -> dict[str, Any] | None:
        return self._document("id", transaction_id)

    def find_reference(self, reference: str) -> dict[str, Any] | None:
        return self._document("reference", reference)

    def find_ticket(self, ticket: str) -> dict[str, Any] | None:
        return self._document("ticket", ticket)

    def _document(self, column: str, value: str) -> dict[str, Any] | None:
        row = self._store.row(f"SELECT document FROM transactions WHERE {column} = ?", value)  # noqa: S608 - our own names
        return json.loads(row["document"]) if row else None

    def newest(self, limit: int = -1) -> list[dict[str, Any]]:
        rows = self._store.rows("SELECT document FROM transactions ORDER BY number DESC LIMIT ?", limit)
        return [json.loads(row["document"]) for row in rows]

    def count(self) -> int:
        count: int = self._store.number("SELECT count(*) FROM transactions")
        return count

    def plan_void(self, transaction: dict[str, Any]) -> None:
        row = self._store.row("SELECT due FROM transactions WHERE id = ?", transaction["id"])
        approved_card = (transaction["payment_method_type"], transaction["status"]) == ("CARD", "APPROVED")
        if (
            not approved_card
            or row is None
            or row["due"]
            or self.refunded(transaction["id"])
            or self._is_old(transaction)
        ):
            raise unprocessable("La transacción no puede ser anulada")
        self._store.execute(
            "UPDATE transactions SET due = ?, planned_status = 'VOIDED' WHERE id = ?",
            self._next_step_at(),
            transaction["id"],
        )

    def _is_old(self, transaction: dict[str, Any]) -> bool:
        approved = datetime.fromisoformat(transaction["finalized_at"]).timestamp()
        return bool(self._clock.now() - approved > self._panel.controls.void_window)

    def void_is_planned(self, transaction_id: str) -> bool:
        row = self._store.row("SELECT planned_status FROM transactions WHERE id = ?", transaction_id)
        return row is not None and row["planned_status"] == "VOIDED"

    # Refunds

    def add_refund(self, body: dict[str, Any]) -> int:
        """Answers its number. It ends by its scenario, once the delay of every step is over."""
        document = {
            "status_message": None,
            "v2_refund_id": secrets.token_hex(12),
            "amount_in_cents": body["amount_in_cents"],
            "transaction_id": body["transaction_id"],
            "reference": body.get("reference"),
            "created_at": self._clock.iso(),
        }
        return self._store.execute(
            "INSERT INTO wompi_refunds (transaction_id, document, due, planned) VALUES (?, ?, ?, ?)",
            body["transaction_id"],
            json.dumps(document, ensure_ascii=False),
            self._next_step_at(),
            (body.get("test_scenario") or "approved").upper(),
        )

    def refunds(self) -> list[dict[str, Any]]:
        """Newest first, each as it is now."""
        now = self._clock.now()
        return [
            {"id": row["id"], "status": row["planned"] if row["due"] <= now else "PENDING"}
            | json.loads(row["document"])
            for row in self._store.rows("SELECT * FROM wompi_refunds ORDER BY id DESC")
        ]

    def refunded(self, transaction_id: str) -> int:
        """What is on its way back of a transaction, or was sent, in cents."""
        living = [each for each in self.refunds() if each["status"] in ("PENDING", "APPROVED")]
        return sum(each["amount_in_cents"] for each in living if each["transaction_id"] == transaction_id)

    def decide_refund(self, reference: str, status: str) -> int:
        """Ends the newest refund of a reference now; answers how many there were to end."""
        mine = [each["id"] for each in self.refunds() if (each["reference"], each["status"]) == (reference, "PENDING")]
        for number in mine[:1]:
            self._store.execute(
                "UPDATE wompi_refunds SET due = ?, planned = ? WHERE id = ?", self._clock.now(), status, number
            )
        return len(mine)

    # What becomes of them

    def next_due(self) -> float | None:
        due: float | None = self._store.number("SELECT min(due) FROM transactions WHERE due IS NOT NULL")
        return due

    def take_due_steps(self, transaction_id: str | None = None) -> None:
        """Every transaction whose delay is over: its bank page appears, and its planned outcome happens.

        With an id, that one takes its step now, whatever its delay.
        """
        rows = self._store.rows(
            "SELECT id, planned_status, planned_message FROM transactions"
            " WHERE due IS NOT NULL AND (due <= ? OR id = ?) ORDER BY due",
            self._clock.now(),
            transaction_id,
        )
        for row in rows:
            with self._store.transaction():
                if row["planned_status"]:
                    self.settle(row["id"], Outcome(row["planned_status"], row["planned_message"]))
                else:
                    self._write(row["id"], {})

    def settle(self, transaction_id: str, outcome: Outcome, recorded: RecordedAmount | None = None) -> int:
        """Makes the status final and writes the event about it; answers the event's id. Within a transaction."""
        changes: dict[str, Any] = {
            "status": outcome.status,
            "status_message": outcome.message,
            "finalized_at": self._clock.iso(),
            **(recorded.model_dump(exclude_none=True) if recorded else {}),
        }
        options = self._panel.controls.events
        transaction = self._write(transaction_id, changes)
        event_id = self.add_event("gateway", self.event_about(transaction))
        for kind in ["first", *["duplicate"] * options.duplicate]:
            self.add_delivery(event_id, kind, self._clock.now() + options.delay_seconds)
        return event_id

    def _write(self, transaction_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        row = self._store.row("SELECT document, page_url FROM transactions WHERE id = ?", transaction_id)
        if row is None:
            raise LookupError(transaction_id)
        transaction: dict[str, Any] = json.loads(row["document"]) | changes
        extra = transaction["payment_method"]["extra"]
        if row["page_url"]:
            extra["async_payment_url"] = row["page_url"]
        if transaction["payment_method_type"] == "CARD" and transaction["status"] == "DECLINED":
            extra["processor_response_code"] = "51"
        self._store.execute(
            "UPDATE transactions SET status = ?, document = ?, due = NULL, planned_status = NULL WHERE id = ?",
            transaction["status"],
            json.dumps(transaction, ensure_ascii=False),
            transaction_id,
        )
        return transaction

    # Events

    def event_about(self, transaction: dict[str, Any]) -> dict[str, Any]:
        return wompi_events.transaction_updated(
            transaction,
            self._keys.environment,
            self._keys.events,
            self._clock.now(),
            self._panel.controls.events,
        )

    def add_event(self, origin: str, event: dict[str, Any]) -> int:
        about = (event.get("data") or {}).get("transaction") or {}
        body, headers = wompi_events.encode(event)
        return self._store.execute(
            "INSERT INTO events (origin, transaction_id, reference, status, body, headers, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            origin,
            *(str(about.get(field, "")) for field in ("id", "reference", "status")),
            body,
            json.dumps(headers),
            self._clock.iso(),
        )

    def add_delivery(self, event_id: int, kind: str, due: float, attempt: int = 1) -> int:
        return self._store.execute(
            "INSERT INTO deliveries (event_id, kind, attempt, due) VALUES (?, ?, ?, ?)", event_id, kind, attempt, due
        )
