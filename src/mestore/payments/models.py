"""Attempts to pay, what gateways answered about them, what gateways announced, and what a person must look at."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import (
    FraudBlockId,
    GatewayEventId,
    OrderId,
    PackageId,
    PaymentCaseId,
    PaymentId,
    PaymentIntentId,
    RefundId,
    UserId,
    new_uuid,
)
from mestore.core.money import Money
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus


class EventOutcome(StrEnum):
    """What handling an announced event came to."""

    APPLIED = "APPLIED"
    UNMATCHED = "UNMATCHED"
    NOT_CONFIRMED = "NOT_CONFIRMED"


class CaseKind(StrEnum):
    """Why a person must look: money without an order, of another amount, too late, suspected fraud, or owed back where
    no payment holds as much.
    """

    UNMATCHED = "UNMATCHED"
    MISMATCH = "MISMATCH"
    LATE = "LATE"
    SECOND_PAYMENT = "SECOND_PAYMENT"
    FRAUD_REVIEW = "FRAUD_REVIEW"
    VOIDED = "VOIDED"
    REFUND = "REFUND"


class CaseResolution(StrEnum):
    """What a closed case came to. `APPROVED` and `REJECTED` end a review; `PLACED`: by hand, where it belongs."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    REFUNDED = "REFUNDED"
    PLACED = "PLACED"
    NOTHING_OWED = "NOTHING_OWED"


class BlockKind(StrEnum):
    """What of an attempt to pay can stand on the block list."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    DOCUMENT = "DOCUMENT"
    CARD = "CARD"
    DEVICE = "DEVICE"
    ADDRESS = "ADDRESS"


class Payment(Base):
    """One attempt to pay an order, on record under its own reference before any gateway is called."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("fraud_score BETWEEN 0 AND 100", name="fraud_score"),
        Index("uq_payments_gateway_reference", "gateway", "reference", unique=True),
        Index("uq_payments_gateway_transaction_id", "gateway", "gateway_transaction_id", unique=True),
        Index(
            "uq_payments_open_attempt",
            "order_id",
            unique=True,
            postgresql_where=text("status IN ('PENDING', 'PROCESSING')"),
        ),
        Index(
            "uq_payments_approved",
            "order_id",
            unique=True,
            postgresql_where=text("status IN ('APPROVED', 'PARTIALLY_REFUNDED') AND settles_order"),
        ),
        Index("ix_payments_order_id", "order_id"),
        Index("ix_payments_buyer_id_created_at", "buyer_id", "created_at"),
        Index("ix_payments_ask_after", "ask_after", postgresql_where=text("ask_after IS NOT NULL")),
        Index("ix_payments_buyer_id_id", "buyer_id", "id"),
        Index("ix_payments_status_id", "status", "id"),
        Index("uq_payments_gateway_code", "gateway", "code", unique=True),
        Index("ix_payments_code", "code", postgresql_where=text("code IS NOT NULL")),
        *(
            Index(f"ix_payments_{key}_created_at", key, "created_at", postgresql_where=text(f"{key} IS NOT NULL"))
            for key in ("device_key", "address_key", "card_key")
        ),
    )
    id: Mapped[PaymentId] = identity()
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"))
    buyer_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"))
    gateway: Mapped[str] = mapped_column(String(20))
    method: Mapped[PaymentMethod] = word(PaymentMethod)
    reference: Mapped[str] = mapped_column(String(60))
    amount: Mapped[Money]
    currency: Mapped[str] = mapped_column(String(3), default="COP")
    status: Mapped[PaymentStatus] = word(PaymentStatus, default=PaymentStatus.PROCESSING)
    settles_order: Mapped[bool] = mapped_column(default=True)
    """False when the money is real but can't pay the order (late, second, other amount): there is a case then."""
    gateway_transaction_id: Mapped[str | None] = mapped_column(String(120))
    payment_url: Mapped[str | None] = mapped_column(String(2000))
    return_url: Mapped[str | None] = mapped_column(String(2000))
    code: Mapped[str | None] = mapped_column(String(40))
    """What the buyer says at the counter; the one of its gateway for ever."""
    barcode: Mapped[str | None] = mapped_column(String(120))
    code_expires_at: Mapped[Moment | None]
    form: Mapped[Mapping[str, str] | None] = mapped_column(JSONB)
    """What the buyer's browser must POST to `payment_url`; it names the buyer, and goes with the attempt's end."""
    device_key: Mapped[str | None] = mapped_column(String(64))
    """Digests that tell one device, address or card from another, as `address_key` and `card_key`."""
    address_key: Mapped[str | None] = mapped_column(String(64))
    card_key: Mapped[str | None] = mapped_column(String(64))
    fraud_score: Mapped[int]
    fraud_reasons: Mapped[list[str]] = mapped_column(JSONB)
    failure: Mapped[str | None] = mapped_column(String(300))
    expires_at: Mapped[Moment]
    asks: Mapped[int] = mapped_column(default=0)
    ask_after: Mapped[Moment | None]
    """When the sweeper asks the gateway about this attempt next; empty once nothing more is to be learned."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class PaymentIntent(Base):
    """An attempt that is not yet started: confirmed once, before it expires, it becomes a payment."""

    __tablename__ = "payment_intents"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("payment_id IS NULL OR confirmed_at IS NOT NULL", name="confirmed"),
        Index("uq_payment_intents_payment_id", "payment_id", unique=True),
    )
    id: Mapped[PaymentIntentId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"), index=True)
    buyer_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    method: Mapped[PaymentMethod] = word(PaymentMethod)
    amount: Mapped[Money]
    return_url: Mapped[str | None] = mapped_column(String(2000))
    expires_at: Mapped[Moment]
    confirmed_at: Mapped[Moment | None]
    payment_id: Mapped[PaymentId | None] = mapped_column(BigInteger, ForeignKey("payments.id"))
    created_at: Mapped[CreatedAt]


class PaymentEvent(Base):
    """A gateway's word about an attempt. Rows are only ever added; what was paid follows from them."""

    __tablename__ = "payment_events"
    id: Mapped[int] = identity()
    payment_id: Mapped[PaymentId] = mapped_column(BigInteger, ForeignKey("payments.id"), index=True)
    at: Mapped[CreatedAt]
    source: Mapped[str] = mapped_column(String(20))
    """Which of our questions it answers: `start`, `webhook`, `sweep`, `code` or `reconciliation`; or `collection`."""
    status: Mapped[PaymentStatus] = word(PaymentStatus)
    amount: Mapped[Money]
    currency: Mapped[str] = mapped_column(String(3))
    gateway_transaction_id: Mapped[str | None] = mapped_column(String(120))
    message: Mapped[str | None] = mapped_column(String(300))


class GatewayEvent(Base):
    """The inbox: an announcement whose signature was right, stored once. What was not verified never comes here."""

    __tablename__ = "gateway_events"
    __table_args__ = (Index("uq_gateway_events_gateway_dedupe_key", "gateway", "dedupe_key", unique=True),)
    id: Mapped[GatewayEventId] = identity()
    gateway: Mapped[str] = mapped_column(String(20))
    dedupe_key: Mapped[str] = mapped_column(String(200))
    transaction_id: Mapped[str] = mapped_column(String(120))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[CreatedAt]
    handled_at: Mapped[Moment | None]
    outcome: Mapped[EventOutcome | None] = word(EventOutcome)


class PaymentCase(Base):
    """Money, or a claim of money, that no rule may place by itself: it is shown to an administrator until closed."""

    __tablename__ = "payment_cases"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (resolution IS NULL)", name="closed"),
        Index("uq_payment_cases_kind_transaction", "kind", "gateway", "gateway_transaction_id", unique=True),
        Index("ix_payment_cases_open", "opened_at", postgresql_where=text("closed_at IS NULL")),
    )
    id: Mapped[PaymentCaseId] = identity()
    kind: Mapped[CaseKind] = word(CaseKind)
    gateway: Mapped[str] = mapped_column(String(20))
    gateway_transaction_id: Mapped[str] = mapped_column(String(120))
    payment_id: Mapped[PaymentId | None] = mapped_column(BigInteger, ForeignKey("payments.id"), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    opened_at: Mapped[CreatedAt]
    closed_at: Mapped[Moment | None]
    closed_by: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    resolution: Mapped[CaseResolution | None] = word(CaseResolution)
    note: Mapped[str | None] = mapped_column(String(1000))


class FraudBlock(Base):
    """Somebody or something that may not pay here. What it is can't be read back from the row."""

    __tablename__ = "fraud_blocks"
    __table_args__ = (Index("uq_fraud_blocks_digest", "digest", unique=True),)
    id: Mapped[FraudBlockId] = identity()
    kind: Mapped[BlockKind] = word(BlockKind)
    digest: Mapped[str] = mapped_column(String(64))
    """As `Traces.digest` makes it, of the kind and the value."""
    hint: Mapped[str] = mapped_column(String(40))
    """By which people recognise it: the last characters, or an e-mail address's domain."""
    reason: Mapped[str] = mapped_column(String(200))
    blocked_by: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    created_at: Mapped[CreatedAt]


class Refund(Base):
    """Money of a payment that is owed back to its buyer, once for each `cause`; MADE, it never changes again.

    All that is not FAILED is together never more than was paid: a trigger sees to it, the payment's row held.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "(status = 'MADE') = (made_at IS NOT NULL) AND (status <> 'MADE' OR reference IS NOT NULL)", name="made"
        ),
        CheckConstraint("(status IN ('REQUESTED', 'PROCESSING')) = (ask_after IS NOT NULL)", name="asked"),
        Index("uq_refunds_cause", "cause", unique=True),
        Index("ix_refunds_order_id_id", "order_id", "id"),
        Index("ix_refunds_status_id", "status", "id"),
        Index("ix_refunds_owed", "due_at", postgresql_where=text("status <> 'MADE'")),
        Index("ix_refunds_ask_after", "ask_after", postgresql_where=text("ask_after IS NOT NULL")),
    )
    id: Mapped[RefundId] = identity()
    payment_id: Mapped[PaymentId] = mapped_column(BigInteger, ForeignKey("payments.id"), index=True)
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"))
    package_id: Mapped[PackageId | None] = mapped_column(BigInteger, ForeignKey("packages.id"), index=True)
    cause: Mapped[str] = mapped_column(String(60))
    """What for: the `cause` of its `RefundDue`."""
    amount: Mapped[Money]
    """COP, with IVA."""
    units: Mapped[dict[str, int] | None] = mapped_column(JSONB(none_as_null=True))
    """Of each item by its id, where an administrator pays units back that did not come back."""
    reason: Mapped[str] = mapped_column(String(200))
    """The cause in the buyer's words."""
    status: Mapped[RefundStatus] = word(RefundStatus)
    due_at: Mapped[Moment]
    """By when it is with the buyer: the end of a day in Colombia."""
    reference: Mapped[str | None] = mapped_column(String(120))
    """The number of the bank's or the gateway's transfer."""
    made_at: Mapped[Moment | None]
    made_by: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    asked_by: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    """The administrator who wished it; empty where it follows from what happened."""
    destination: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    """Where its buyer wants it: an account or a Bre-B key. Personal, and goes with the buyer."""
    failure: Mapped[str | None] = mapped_column(String(300))
    """Why its gateway does not send it."""
    gateway_number: Mapped[str | None] = mapped_column(String(120))
    """Under which its gateway has taken it; until then it may never have arrived there."""
    sent_at: Mapped[Moment | None]
    """When its gateway was last asked to send it, or nearly."""
    sends: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was."""
    asks: Mapped[int] = mapped_column(default=0, server_default="0")
    ask_after: Mapped[Moment | None]
    """When the sweep next sends a REQUESTED one, or asks about a PROCESSING one."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
