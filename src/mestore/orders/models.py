"""What a buyer bought, at the prices of that moment: nothing here follows a later change of price, rate or name."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mestore.catalog.models import IvaClass
from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import OrderId, OrderItemId, PackageId, ProductId, UserId, VendorId
from mestore.core.money import Money
from mestore.orders.states import Actor, OrderStatus, PackageStatus


class Order(Base):
    """Goods of any number of vendors, paid at once. It holds their stock until `expires_at`, unless paid."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "total_amount = subtotal - discount + iva_amount + shipping_cost AND total_amount > 0", name="total"
        ),
        CheckConstraint("least(subtotal, discount, iva_amount, shipping_cost) >= 0", name="amounts"),
        Index("uq_orders_order_number", "order_number", unique=True),
        Index("ix_orders_buyer_id_id", "buyer_id", "id"),
        Index("ix_orders_buyer_id_status_id", "buyer_id", "status", "id"),
        Index("ix_orders_status_id", "status", "id"),
        Index("ix_orders_created_at", "created_at"),
        Index("ix_orders_expiring", "expires_at", postgresql_where=text("status = 'PENDING'")),
    )
    id: Mapped[OrderId] = identity()
    order_number: Mapped[str] = mapped_column(String(21))
    buyer_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"))
    status: Mapped[OrderStatus] = word(OrderStatus, default=OrderStatus.PENDING)
    subtotal: Mapped[Money]
    discount: Mapped[Money]
    iva_amount: Mapped[Money]
    shipping_cost: Mapped[Money]
    total_amount: Mapped[Money]
    shipping_info: Mapped[dict[str, Any]] = mapped_column(JSONB)
    expires_at: Mapped[Moment]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    items: Mapped[list["OrderItem"]] = relationship(lazy="raise", order_by="OrderItem.id")
    packages: Mapped[list["Package"]] = relationship(lazy="raise", order_by="Package.id")
    history: Mapped[list["OrderHistory"]] = relationship(lazy="raise", order_by="OrderHistory.id")


class Package(Base):
    """One vendor's part of an order: its own items, totals, states and shipping."""

    __tablename__ = "packages"
    __table_args__ = (
        CheckConstraint("total = subtotal - discount + iva_amount + shipping_cost AND total > 0", name="total"),
        CheckConstraint("least(subtotal, discount, iva_amount, shipping_cost) >= 0", name="amounts"),
        Index("uq_packages_order_id_vendor_id", "order_id", "vendor_id", unique=True),
        Index("ix_packages_vendor_id_id", "vendor_id", "id", postgresql_where=text("confirmed_at IS NOT NULL")),
        Index(
            "ix_packages_vendor_id_status_id",
            "vendor_id",
            "status",
            "id",
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("ix_packages_on_the_way", "shipped_at", postgresql_where=text("status = 'SHIPPED'")),
        Index(
            "uq_packages_carrier_guide_number",
            text("carrier_key(carrier::text)"),
            text("upper(guide_number::text)"),
            unique=True,
            postgresql_where=text("guide_number IS NOT NULL"),
        ),
    )
    id: Mapped[PackageId] = identity()
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"))
    vendor_id: Mapped[VendorId] = mapped_column(Uuid, ForeignKey("vendors.id"))
    status: Mapped[PackageStatus] = word(PackageStatus, default=PackageStatus.PENDING)
    subtotal: Mapped[Money]
    discount: Mapped[Money]
    iva_amount: Mapped[Money]
    shipping_cost: Mapped[Money]
    total: Mapped[Money]
    carrier: Mapped[str | None] = mapped_column(String(60))
    guide_number: Mapped[str | None] = mapped_column(String(60))
    promised_from: Mapped[date]
    promised_by: Mapped[date]
    """What the buyer was told before paying: between these days, in Colombia."""
    confirmed_at: Mapped[Moment | None]
    """When it was paid: before that its vendor does not see it."""
    shipped_at: Mapped[Moment | None]
    delivery_failed_at: Mapped[Moment | None]
    """Its carrier could not hand it over, and has not said more since: time alone does not make it delivered."""
    delivered_at: Mapped[Moment | None]
    returnable_until: Mapped[Moment | None]
    """The end of retracto: five working days after delivery (Ley 1480 de 2011, art. 47)."""


class OrderItem(Base):
    """A line: `total_price` is `unit_price × quantity`, net, before discount and IVA."""

    __tablename__ = "order_items"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 999 AND total_price = unit_price * quantity", name="total_price"),
        CheckConstraint("least(unit_price, discount, iva_amount) >= 0 AND discount <= total_price", name="amounts"),
        CheckConstraint("0 <= refunded_units AND refunded_units <= returned_units", name="refunded_units"),
        CheckConstraint("returned_units <= quantity", name="returned_units"),
        Index("uq_order_items_order_id_product_id", "order_id", "product_id", unique=True),
        Index("ix_order_items_vendor_id_order_id", "vendor_id", "order_id"),
    )
    id: Mapped[OrderItemId] = identity()
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"))
    package_id: Mapped[PackageId] = mapped_column(BigInteger, ForeignKey("packages.id"), index=True)
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"), index=True)
    vendor_id: Mapped[VendorId] = mapped_column(Uuid, ForeignKey("vendors.id"))
    name: Mapped[str] = mapped_column(String(200))
    sku: Mapped[str] = mapped_column(String(50))
    quantity: Mapped[int]
    unit_price: Mapped[Money]
    discount: Mapped[Money]
    iva_class: Mapped[IvaClass] = word(IvaClass)
    iva_rate: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    iva_amount: Mapped[Money]
    total_price: Mapped[Money]
    return_excluded_reason: Mapped[str | None] = mapped_column(String(200))
    """Why retracto does not apply to it, as the product said when it was bought; empty where it does."""
    returned_units: Mapped[int] = mapped_column(default=0, server_default="0")
    """Units that the buyer asked to return, unless that was refused, and those paid back without coming back."""
    refunded_units: Mapped[int] = mapped_column(default=0, server_default="0")
    """Units whose price is owed back, or was paid back: they were returned, or an administrator wished it."""

    @property
    def paid(self) -> Money:
        """What the buyer paid for the whole line, with IVA, after its discount."""
        return self.total_price - self.discount + self.iva_amount


class OrderHistory(Base):
    """Who moved an order, or one package of it, from where to where, and why. Rows are only ever added."""

    __tablename__ = "order_history"
    id: Mapped[int] = identity()
    order_id: Mapped[OrderId] = mapped_column(BigInteger, ForeignKey("orders.id"), index=True)
    package_id: Mapped[PackageId | None] = mapped_column(BigInteger, ForeignKey("packages.id"))
    at: Mapped[CreatedAt]
    from_status: Mapped[str | None] = mapped_column(String(24))
    to_status: Mapped[str] = mapped_column(String(24))
    actor: Mapped[Actor] = word(Actor)
    user_id: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(String(300))
