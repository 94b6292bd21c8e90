"""Attempts to pay, what gateways answered about them, what gateways announced, and what a person must look at."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import GatewayEventId, OrderId, PaymentId, UserId
from mestore.core.money import Money
from mestore.payments.states import PaymentMethod, PaymentStatus


class EventOutcome(StrEnum):
    """What handling an announced event came to."""

    APPLIED = "APPLIED"
    UNMATCHED = "UNMATCHED"
    NOT_CONFIRMED = "NOT_CONFIRMED"


class CaseKind(StrEnum):
    """Why a person must look: money without an order, of another amount, too late, or suspected fraud."""

    UNMATCHED = "UNMATCHED"
    MISMATCH = "MISMATCH"
    LATE = "LATE"
    SECOND_PAYMENT = "SECOND_PAYMENT"
    FRAUD_REVIEW = "FRAUD_REVIEW"
    VOIDED = "VOIDED"


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
            postgresql_where=text("status = 'APPROVED' AND settles_order"),
        ),
        Index("ix_payments_order_id", "order_id"),
        Index("ix_payments_buyer_id_created_at", "buyer_id", "created_at"),
        Index("ix_payments_ask_after", "ask_after", postgresql_where=text("ask_after IS NOT NULL")),
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
    fraud_score: Mapped[int]
    fraud_reasons: Mapped[list[str]] = mapped_column(JSONB)
    failure: Mapped[str | None] = mapped_column(String(300))
    expires_at: Mapped[Moment]
    asks: Mapped[int] = mapped_column(default=0)
    ask_after: Mapped[Moment | None]
    """When the sweeper asks the gateway about this attempt next; empty once the answer is final."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class PaymentEvent(Base):
    """A gateway's word about an attempt. Rows are only ever added; what was paid follows from them."""

    __tablename__ = "payment_events"
    id: Mapped[int] = identity()
    payment_id: Mapped[PaymentId] = mapped_column(BigInteger, ForeignKey("payments.id"), index=True)
    at: Mapped[CreatedAt]
    source: Mapped[str] = mapped_column(String(20))
    """`start`, `webhook` or `sweep`: which of our questions it answers."""
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
        Index("uq_payment_cases_kind_transaction", "kind", "gateway", "gateway_transaction_id", unique=True),
        Index("ix_payment_cases_open", "opened_at", postgresql_where=text("closed_at IS NULL")),
    )
    id: Mapped[int] = identity()
    kind: Mapped[CaseKind] = word(CaseKind)
    gateway: Mapped[str] = mapped_column(String(20))
    gateway_transaction_id: Mapped[str] = mapped_column(String(120))
    payment_id: Mapped[PaymentId | None] = mapped_column(BigInteger, ForeignKey("payments.id"), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    opened_at: Mapped[CreatedAt]
    closed_at: Mapped[Moment | None]
