"""Goods that come back from their buyer within retracto: what was asked for, what came, and each move."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import OrderId, OrderItemId, PackageId, ReturnId, ReturnMoveId, UserId, VendorId
from mestore.core.money import Money
from mestore.orders.states import Actor
from mestore.returns.states import ReturnCondition, ReturnStatus


class Return(Base):
    """Units of one delivered package that its buyer sends back. Ley 1480 de 2011, art. 47."""

    __tablename__ = "returns"
    __table_args__ = (
        CheckConstraint("refund_amount >= 0", name="refund_amount"),
        CheckConstraint("(status = 'REFUSED') = (refusal_reason IS NOT NULL)", name="refusal_reason"),
        CheckConstraint("(status IN ('RECEIVED', 'REFUNDED')) = (refund_amount IS NOT NULL)", name="received"),
        Index("ix_returns_order_id_id", "order_id", "id"),
        Index("ix_returns_vendor_id_id", "vendor_id", "id"),
        Index("ix_returns_vendor_id_status_id", "vendor_id", "status", "id"),
        Index("ix_returns_status_id", "status", "id"),
    )
    id: Mapped[ReturnId] = identity()
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"))
    package_id: Mapped[PackageId] = mapped_column(BigInteger, ForeignKey("packages.id"), index=True)
    buyer_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    vendor_id: Mapped[VendorId] = mapped_column(Uuid, ForeignKey("vendors.id"))
    status: Mapped[ReturnStatus] = word(ReturnStatus, default=ReturnStatus.REQUESTED)
    reason: Mapped[str] = mapped_column(String(300))
    """In the buyer's words. The law asks for none, so it may be empty."""
    refusal_reason: Mapped[str | None] = mapped_column(String(300))
    carrier: Mapped[str | None] = mapped_column(String(60))
    guide_number: Mapped[str | None] = mapped_column(String(60))
    """Of the way back; both empty when it is brought in person."""
    condition: Mapped[ReturnCondition | None] = word(ReturnCondition)
    refund_amount: Mapped[Money | None]
    """What the buyer is owed, with IVA, and with shipping when nothing of the package is left; known once received."""
    refund_due_at: Mapped[Moment]
    """By when the money is back: 15 calendar days after the request, the end of a day in Colombia."""
    received_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    items: Mapped[list["ReturnItem"]] = relationship(lazy="raise", order_by="ReturnItem.order_item_id")
    history: Mapped[list["ReturnHistory"]] = relationship(lazy="raise", order_by="ReturnHistory.id")


class ReturnItem(Base):
    """How many units of one item come back in one return."""

    __tablename__ = "return_items"
    __table_args__ = (CheckConstraint("quantity BETWEEN 1 AND 999", name="quantity"),)
    return_id: Mapped[ReturnId] = mapped_column(BigInteger, ForeignKey("returns.id"), primary_key=True)
    order_item_id: Mapped[OrderItemId] = mapped_column(
        BigInteger, ForeignKey("order_items.id"), primary_key=True, index=True
    )
    quantity: Mapped[int]


class ReturnHistory(Base):
    """Who moved a return, from where to where, and why. Rows are only ever added; what its buyer wrote is not here."""

    __tablename__ = "return_history"
    id: Mapped[ReturnMoveId] = identity()
    return_id: Mapped[ReturnId] = mapped_column(BigInteger, ForeignKey("returns.id"), index=True)
    at: Mapped[CreatedAt]
    from_status: Mapped[str | None] = mapped_column(String(24))
    to_status: Mapped[str] = mapped_column(String(24))
    actor: Mapped[Actor] = word(Actor)
    user_id: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
