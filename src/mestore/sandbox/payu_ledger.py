"""PayU's books: orders, the transactions of each, what becomes of them, and the confirmation each end makes."""

import json
import secrets
import sqlite3
import uuid
from datetime import UTC, datetime
from typing import Any

from mestore.sandbox.clock import Clock
from mestore.sandbox.payu_checks import COLOMBIA, Account, Refusal, invalid
from mestore.sandbox.payu_options import Options
from mestore.sandbox.payu_outcomes import CODES, STATES, USUAL, Outcome
from mestore.sandbox.store import Store

FIRST_ORDER = 1_400_449_740
METHOD_TYPES = {"PSE": ("4", "25", "PSE"), "EFECTY": ("7", "35", "EFECTY"), "CARD": ("2", "10", "VISA")}
ORDER_STATUSES = {"APPROVED": "CAPTURED", "PENDING": "IN_PROGRESS"}
REFUND_FROM_SECONDS = 600
REFUND_UNTIL_SECONDS = 357 * 86_400
SMALLEST_REFUND = 100
REFUNDS = ("REFUND", "PARTIAL_REFUND")
FORGERS_KEY = "a key that a forger guessed"


class PayuLedger:
    def __init__(self, store: Store, clock: Clock, account: Account, options: Options) -> None:
        self._store = store
        self._clock = clock
        self._account = account
        self._options = options

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def milliseconds(self) -> int:
        return int(self._clock.now() * 1_000)

    # Orders

    def create_order(self, said: dict[str, Any], values: dict[str, Any], *, test: bool) -> int:
        """`said` is the order as it was sent. One reference may have many."""
        order_id = FIRST_ORDER + int(self._store.number("SELECT count(*) FROM payu_orders"))
        document = {
            "id": order_id,
            "accountId": int(self._account.account_id),
            "status": "NEW",
            "referenceCode": said["referenceCode"],
            "description": said["description"],
            "language": said.get("language", "es"),
            "notifyUrl": said.get("notifyUrl"),
            "shippingAddress": said.get("shippingAddress"),
            "buyer": said["buyer"],
            "isTest": test,
            "additionalValues": values,
            "creationDate": self.milliseconds(),
            "merchantId": int(self._account.merchant_id),
            "processedTransactionId": None,
            "orderSignature": said.get("signature"),
        }
        self._store.execute(
            "INSERT INTO payu_orders VALUES (?, ?, ?, ?)",
            *(order_id, document["referenceCode"], secrets.token_hex(16), _text(document)),
        )
        return order_id

    def order(self, order_id: Any) -> dict[str, Any] | None:
        row = self._store.row("SELECT * FROM payu_orders WHERE id = ?", order_id)
        return self._with_transactions(row) if row else None

    def orders(self, reference: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        rows = self._store.rows(
            "SELECT * FROM payu_orders WHERE ?1 IS NULL OR reference = ?1 ORDER BY id DESC", reference
        )
        return [self._with_transactions(row) for row in rows]

    def by_ticket(self, ticket: str) -> dict[str, Any] | None:
        row = self._store.row("SELECT * FROM payu_orders WHERE ticket = ?", ticket)
        return self._with_transactions(row) if row else None

    def ticket(self, order_id: int) -> str:
        ticket: str = self._store.number("SELECT ticket FROM payu_orders WHERE id = ?", order_id)
        return ticket

    def close_checkout_at(self, order_id: int, moment: datetime) -> None:
        """From then on the page of an order takes no card."""
        self._store.execute("INSERT INTO payu_checkouts VALUES (?, ?)", order_id, moment.timestamp())

    def checkout_is_over(self, order_id: int) -> bool:
        row = self._store.row("SELECT expires_at FROM payu_checkouts WHERE order_id = ?", order_id)
        return row is not None and row["expires_at"] <= self._clock.now()

    def _with_transactions(self, row: sqlite3.Row) -> dict[str, Any]:
        rows = self._store.rows("SELECT document FROM payu_transactions WHERE order_id = ? ORDER BY number", row["id"])
        order: dict[str, Any] = json.loads(row["document"])
        return order | {"transactions": [json.loads(each["document"]) for each in rows]}

    def _write_order(self, order_id: int, **changes: Any) -> None:
        row = self._store.row("SELECT document FROM payu_orders WHERE id = ?", order_id)
        assert row is not None
        document = _text(json.loads(row["document"]) | changes)
        self._store.execute("UPDATE payu_orders SET document = ? WHERE id = ?", document, order_id)

    # Transactions

    def add_transaction(
        self,
        order: dict[str, Any],
        kind: str,
        method: str,
        *,
        answer: dict[str, Any],
        due: float | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Born PENDING; at `due` it expires."""
        transaction = {
            "id": str(uuid.uuid4()),
            "order": None,
            "type": kind,
            "parentTransactionId": None,
            "paymentMethod": method,
            "creditCard": None,
            "transactionResponse": {
                "state": "PENDING",
                "responseCode": "PENDING_TRANSACTION_CONFIRMATION",
                "paymentNetworkResponseCode": None,
                "paymentNetworkResponseErrorMessage": None,
                "trazabilityCode": None,
                "authorizationCode": None,
                "pendingReason": "AWAITING_NOTIFICATION",
                "errorCode": None,
                "responseMessage": None,
                "transactionDate": None,
                "transactionTime": None,
                "operationDate": self.milliseconds(),
                "extraParameters": None,
                **answer,
            },
            "payer": order["buyer"],
            "additionalValues": order["additionalValues"],
            **more,
        }
        self._store.execute(
            "INSERT INTO payu_transactions (id, order_id, document, due, planned) VALUES (?, ?, ?, ?, ?)",
            *(transaction["id"], order["id"], _text(transaction), due, "EXPIRED" if due else None),
        )
        if kind not in REFUNDS:
            self._write_order(order["id"], status="IN_PROGRESS", processedTransactionId=transaction["id"])
        return transaction

    def find(self, transaction_id: str) -> dict[str, Any] | None:
        row = self._store.row("SELECT document FROM payu_transactions WHERE id = ?", transaction_id)
        return json.loads(row["document"]) if row else None

    def order_of(self, transaction_id: str) -> dict[str, Any]:
        order = self.order(self._store.number("SELECT order_id FROM payu_transactions WHERE id = ?", transaction_id))
        assert order is not None
        return order

    def settle(
        self, transaction_id: str, outcome: Outcome, *, amount: int | None = None, currency: str | None = None
    ) -> None:
        """Gives a transaction its end, and writes the confirmation of it. Within a transaction of the store."""
        transaction = self.find(transaction_id)
        assert transaction is not None
        order = self.order_of(transaction_id)
        answer = transaction["transactionResponse"]
        approved = outcome.state == "APPROVED"
        answer |= {
            "state": outcome.state,
            "responseCode": outcome.code,
            "pendingReason": None,
            "trazabilityCode": answer["trazabilityCode"] or "00000000",
            "authorizationCode": "00000000" if approved else None,
            "operationDate": self.milliseconds(),
        }
        if amount is not None or currency is not None:
            said = transaction["additionalValues"]["TX_VALUE"]
            value = {"value": said["value"] if amount is None else amount, "currency": currency or said["currency"]}
            transaction["additionalValues"] = transaction["additionalValues"] | {"TX_VALUE": value}
        self._store.execute(
            "UPDATE payu_transactions SET document = ?, due = NULL, planned = NULL WHERE id = ?",
            *(_text(transaction), transaction_id),
        )
        if transaction["type"] in REFUNDS:
            if approved:
                self._write_order(order["id"], status="REFUNDED")
            return
        if order["status"] not in ("CAPTURED", "REFUNDED"):
            self._write_order(order["id"], status=ORDER_STATUSES.get(outcome.state, "DECLINED"))
        if outcome.state != "PENDING":
            self.confirm(order, transaction)

    def plan(self, transaction_id: str, state: str, seconds: float) -> None:
        self._store.execute(
            "UPDATE payu_transactions SET due = ?, planned = ? WHERE id = ?",
            *(self._clock.now() + seconds, state, transaction_id),
        )

    def planned(self, transaction_id: str) -> str | None:
        planned: str | None = self._store.number("SELECT planned FROM payu_transactions WHERE id = ?", transaction_id)
        return planned

    def next_due(self) -> float | None:
        due: float | None = self._store.number("SELECT min(due) FROM payu_transactions WHERE due IS NOT NULL")
        return due

    def take_due_steps(self) -> None:
        rows = self._store.rows(
            "SELECT id, planned FROM payu_transactions WHERE due <= ? ORDER BY due", self._clock.now()
        )
        for row in rows:
            with self._store.transaction():
                self.settle(row["id"], USUAL[row["planned"]])

    # Refunds

    def refund(self, order: dict[str, Any], parent: dict[str, Any], kind: str, amount: int | None) -> bool:
        """Takes a refund for review; False declines it at once: only a card's payment comes back."""
        age = (self.milliseconds() - parent["transactionResponse"]["operationDate"]) / 1_000
        in_time = REFUND_FROM_SECONDS <= age <= REFUND_UNTIL_SECONDS
        if parent["transactionResponse"]["state"] != "APPROVED" or not in_time:
            raise invalid("parentTransactionId", "the transaction can not be refunded now")
        value = parent["additionalValues"]["TX_VALUE"]["value"]
        if amount is not None and not SMALLEST_REFUND <= amount <= value:
            raise invalid("additionalValues.TX_VALUE", f"must be between {SMALLEST_REFUND} and {value}")
        living = [
            each
            for each in order["transactions"]
            if each["type"] in REFUNDS and each["transactionResponse"]["state"] in ("PENDING", "APPROVED")
        ]
        if living:
            raise Refusal("La transacción ya se encuentra registrada")
        if parent["creditCard"] is None:
            return False
        values = {"TX_VALUE": {"value": value if amount is None else amount, "currency": "COP"}}
        waiting = {"responseCode": None, "pendingReason": "PENDING_REVIEW"}
        self.add_transaction(
            order,
            kind,
            parent["paymentMethod"],
            answer=waiting,
            parentTransactionId=parent["id"],
            additionalValues=values,
        )
        return True

    # Confirmations

    def confirm(self, order: dict[str, Any], transaction: dict[str, Any]) -> int:
        options = self._options.read()
        fields = self.fields_about(order, transaction)
        if options.bare:
            fields = {name: fields[name] for name in (*SIGNED, "sign", "transaction_id", "reference_pol", "test")}
        if options.wrong_sign:
            fields["sign"] = fields["sign"][::-1]
        confirmation_id = self.keep_confirmation(fields | options.changes, order["notifyUrl"] or "")
        for kind in ["first", *["duplicate"] * options.duplicate]:
            self.add_delivery(confirmation_id, kind, self._clock.now())
        return confirmation_id

    def fields_about(self, order: dict[str, Any], transaction: dict[str, Any]) -> dict[str, str]:
        """A signed confirmation."""
        answer, values = transaction["transactionResponse"], transaction["additionalValues"]
        card = transaction["creditCard"]
        kind, number, name = METHOD_TYPES["CARD" if card else transaction["paymentMethod"]]
        local = self.now().astimezone(COLOMBIA)
        fields = {
            "merchant_id": self._account.merchant_id,
            "reference_sale": order["referenceCode"],
            "reference_pol": str(order["id"]),
            "transaction_id": transaction["id"],
            "state_pol": STATES[answer["state"]],
            "response_code_pol": CODES[answer["responseCode"]],
            "response_message_pol": answer["responseCode"],
            "value": f"{values['TX_VALUE']['value']}.00",
            "tax": f"{values.get('TX_TAX', {}).get('value', 0)}.00",
            "additional_value": "0.00",
            "currency": values["TX_VALUE"]["currency"],
            "payment_method": number,
            "payment_method_id": kind,
            "payment_method_type": kind,
            "payment_method_name": transaction["paymentMethod"] if card else name,
            "transaction_date": f"{local:%Y-%m-%d %H:%M:%S}",
            "date": f"{local:%Y.%m.%d %I:%M:%S}",
            "email_buyer": order["buyer"]["emailAddress"],
            "phone": order["buyer"].get("contactPhone") or "",
            "description": order["description"],
            "test": str(int(order["isTest"])),
            "attempts": "1",
            "risk": "0.0",
            "extra1": "",
            **({"cc_number": card["maskedNumber"], "cc_holder": card["name"]} if card else {}),
            **({"cus": answer["trazabilityCode"] or ""} if transaction["paymentMethod"] == "PSE" else {}),
        }
        return fields | {"sign": self._account.sign_confirmation(fields)}

    def signed(self, fields: dict[str, str], *, genuine: bool) -> dict[str, str]:
        key = self._account.key if genuine else FORGERS_KEY
        account = Account(**{**vars(self._account), "key": key})
        return fields | {"sign": account.sign_confirmation(fields)}

    def keep_confirmation(self, fields: dict[str, str], url: str) -> int:
        return self._store.execute(
            "INSERT INTO payu_confirmations (reference, fields, url) VALUES (?, ?, ?)",
            *(fields.get("reference_sale", ""), _text(fields), url),
        )

    def add_delivery(self, confirmation_id: int, kind: str, due: float, attempt: int = 1) -> int:
        return self._store.execute(
            "INSERT INTO payu_deliveries (confirmation_id, kind, attempt, due) VALUES (?, ?, ?, ?)",
            *(confirmation_id, kind, attempt, due),
        )


SIGNED = ("merchant_id", "reference_sale", "value", "currency", "state_pol")


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)
