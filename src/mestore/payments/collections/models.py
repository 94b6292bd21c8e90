"""What counters say that they took: one row for each payment at a counter, never two."""

from datetime import date
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import CollectionId, PaymentId, UserId
from mestore.core.money import Money


class CollectionSource(StrEnum):
    """`FILE`: a line of the network's file of a day. `CODE`: an administrator asked about one code."""

    FILE = "FILE"
    CODE = "CODE"


class CollectionOutcome(StrEnum):
    """What a collection came to. All from `UNDERPAID` on are money that no rule may place: there is a case."""

    CONFIRMED = "CONFIRMED"
    """It pays its order, which is confirmed by it, or waits for a review."""
    KNOWN = "KNOWN"
    """The gateway had told of it before."""
    PENDING = "PENDING"
    """Its gateway does not know of it yet: nothing moved. Only ever an answer, on no row."""
    UNDERPAID = "UNDERPAID"
    OVERPAID = "OVERPAID"
    LATE = "LATE"
    """The order was given up before."""
    SECOND_PAYMENT = "SECOND_PAYMENT"
    """Its code, or its order, was paid already."""
    UNKNOWN = "UNKNOWN"
    """No attempt of ours has this code."""
    RETURNED = "RETURNED"
    """The network gave it back: no money of it is with us."""


class CollectionRecord(Base):
    """A collection as it came in, and what it came to."""

    __tablename__ = "collections"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("outcome <> 'PENDING'", name="outcome"),
        CheckConstraint("(outcome = 'UNKNOWN') = (payment_id IS NULL)", name="payment"),
        CheckConstraint("(source = 'FILE') = (line IS NOT NULL)", name="line"),
        CheckConstraint("NOT first OR (source = 'FILE' AND payment_id IS NOT NULL)", name="first"),
        Index("uq_collections_key", "key", unique=True),
        Index("uq_collections_first", "payment_id", unique=True, postgresql_where=text("first")),
        Index("ix_collections_payment_id", "payment_id"),
    )
    id: Mapped[CollectionId] = identity()
    key: Mapped[str] = mapped_column(String(140))
    """Names it for ever: see `Collection.key`; of a code it is the gateway, the code and the receipt."""
    source: Mapped[CollectionSource] = word(CollectionSource)
    gateway: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(48))
    amount: Mapped[Money]
    """COP, as the network or the gateway told it."""
    collected_on: Mapped[date | None]
    """The day in Colombia."""
    receipt: Mapped[str] = mapped_column(String(40))
    """The number of the operation, as the network or the payer's receipt gives it."""
    line: Mapped[int | None]
    """Of its file, counted from 1."""
    first: Mapped[bool]
    """Whether it is the collection that its payment stands for; every other of that payment is one too many."""
    outcome: Mapped[CollectionOutcome] = word(CollectionOutcome)
    payment_id: Mapped[PaymentId | None] = mapped_column(BigInteger, ForeignKey("payments.id"))
    received_by: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    received_at: Mapped[CreatedAt]
