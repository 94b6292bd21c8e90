"""What the marketplace earns: one commission per confirmed package, its rate and base frozen."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import CommissionId, OrderId, PackageId, VendorId
from mestore.core.money import ZERO, Money


class CommissionStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    PAID = "PAID"
    REVERSED = "REVERSED"


class Commission(Base):
    """`amount` = `rate` of `base` (the package's total: items, IVA and shipping), rounded half up to the peso."""

    __tablename__ = "commissions"
    __table_args__ = (
        CheckConstraint("base > 0 AND rate BETWEEN 0 AND 1 AND amount BETWEEN 0 AND base", name="amount"),
        CheckConstraint("reversed_base BETWEEN 0 AND base AND reversed_amount BETWEEN 0 AND amount", name="reversed"),
        Index("uq_commissions_package_id", "package_id", unique=True, postgresql_where=text("status <> 'REVERSED'")),
        Index("ix_commissions_vendor_id_id", "vendor_id", "id"),
        Index("ix_commissions_order_id", "order_id"),
    )
    id: Mapped[CommissionId] = identity()
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"))
    package_id: Mapped[PackageId] = mapped_column(BigInteger, ForeignKey("packages.id"))
    vendor_id: Mapped[VendorId] = mapped_column(Uuid, ForeignKey("vendors.id"))
    base: Mapped[Money]
    rate: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    amount: Mapped[Money]
    status: Mapped[CommissionStatus] = word(CommissionStatus, default=CommissionStatus.PENDING)
    reversed_base: Mapped[Money] = mapped_column(default=ZERO, server_default="0")
    """How much of `base` is owed back to the buyer: all of it, and the commission is REVERSED."""
    reversed_amount: Mapped[Money] = mapped_column(default=ZERO, server_default="0")
    """What the marketplace gives up of `amount`: its share of `reversed_base`."""
    created_at: Mapped[CreatedAt]


class CommissionReversal(Base):
    """What one refund took from a commission, once for each `cause`. Rows are only ever added."""

    __tablename__ = "commission_reversals"
    __table_args__ = (
        CheckConstraint("base > 0 AND amount BETWEEN 0 AND base", name="amount"),
        Index("uq_commission_reversals_cause", "cause", unique=True),
    )
    id: Mapped[int] = identity()
    commission_id: Mapped[CommissionId] = mapped_column(BigInteger, ForeignKey("commissions.id"), index=True)
    cause: Mapped[str] = mapped_column(String(60))
    base: Mapped[Money]
    """What the buyer is owed back, with IVA and shipping."""
    amount: Mapped[Money]
    at: Mapped[CreatedAt]
