"""Where a gateway's books and ours differ, and which days were compared."""

from datetime import date
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, identity, word
from mestore.core.database import Base
from mestore.core.ids import DifferenceId, PaymentId, UserId


class DifferenceKind(StrEnum):
    MISSING_HERE = "MISSING_HERE"
    """The gateway has a transaction under a reference that is none of ours, or a second one of ours."""
    MISSING_THERE = "MISSING_THERE"
    """The gateway had told us of an attempt that it does not know any more."""
    AMOUNT = "AMOUNT"
    STATUS = "STATUS"


class ReconciliationDifference(Base):
    """Shown to an administrator until closed with a note. Nothing is put right by itself (fault F32)."""

    __tablename__ = "reconciliation_differences"
    __table_args__ = (
        CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (note IS NULL)", name="closed"
        ),
        Index(
            "uq_reconciliation_differences_gateway_day_kind_reference",
            *("gateway", "day", "kind", "reference"),
            unique=True,
        ),
        Index("ix_reconciliation_differences_open", "id", postgresql_where=text("closed_at IS NULL")),
    )
    id: Mapped[DifferenceId] = identity()
    gateway: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    """In Colombia: on which the attempt began, or the gateway's transaction where there is no attempt."""
    kind: Mapped[DifferenceKind] = word(DifferenceKind)
    reference: Mapped[str] = mapped_column(String(120))
    payment_id: Mapped[PaymentId | None] = mapped_column(BigInteger, ForeignKey("payments.id"), index=True)
    ours: Mapped[str | None] = mapped_column(String(60))
    """A status, an amount with its currency, or both; nothing where we have nothing."""
    theirs: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(300))
    opened_at: Mapped[CreatedAt]
    closed_at: Mapped[Moment | None]
    closed_by: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(500))
    """How it was settled, in the words of who closed it."""


class ReconciliationRun(Base):
    """A day that was compared with a gateway to its end."""

    __tablename__ = "reconciliation_runs"
    gateway: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    compared: Mapped[int]
    """Attempts and transactions, each once."""
    finished_at: Mapped[CreatedAt]
