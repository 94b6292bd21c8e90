"""What is sold, and how much of it there is."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import CategoryId, OrderId, ProductId, VendorId, new_uuid
from mestore.core.money import Money


class ProductStatus(StrEnum):
    DRAFT = "DRAFT"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    INACTIVE = "INACTIVE"


class IvaClass(StrEnum):
    """The classes of the Estatuto Tributario; exempt (art. 477) and excluded (art. 424) differ on an invoice."""

    GENERAL = "GENERAL"
    REDUCED = "REDUCED"
    EXEMPT = "EXEMPT"
    EXCLUDED = "EXCLUDED"

    @property
    def rate(self) -> Decimal:
        """19 % (art. 468), 5 % (art. 468-1), or nothing."""
        return _IVA_RATES[self]


_IVA_RATES = {
    IvaClass.GENERAL: Decimal("0.19"),
    IvaClass.REDUCED: Decimal("0.05"),
    IvaClass.EXEMPT: Decimal("0.00"),
    IvaClass.EXCLUDED: Decimal("0.00"),
}


class HoldState(StrEnum):
    OPEN = "OPEN"
    SOLD = "SOLD"
    RELEASED = "RELEASED"


class Category(Base):
    __tablename__ = "categories"
    __table_args__ = (Index("uq_categories_slug", "slug", unique=True),)
    id: Mapped[CategoryId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    parent_id: Mapped[CategoryId | None] = mapped_column(Uuid, ForeignKey("categories.id"), index=True)
    slug: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """Something a vendor sells. `precio_venta` is net of IVA; `stock` is on hand, `reserved` is held by open orders."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("stock >= 0 AND reserved BETWEEN 0 AND stock", name="stock"),
        CheckConstraint(
            "precio_venta BETWEEN 100 AND 100000000 AND precio_venta = trunc(precio_venta)", name="precio_venta"
        ),
        CheckConstraint("precio_costo >= 0", name="precio_costo"),
        CheckConstraint("sku ~ '^[A-Z0-9-]{3,50}$'", name="sku"),
        CheckConstraint("weight_kg > 0", name="weight_kg"),
        Index(
            "uq_products_vendedor_id_sku",
            "vendedor_id",
            "sku",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_products_newest",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL AND status = 'APPROVED'"),
        ),
        Index(
            "ix_products_vendedor_id_newest",
            "vendedor_id",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_products_category_id_newest",
            "category_id",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL AND status = 'APPROVED'"),
        ),
    )
    id: Mapped[ProductId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    vendedor_id: Mapped[VendorId] = mapped_column(Uuid, ForeignKey("vendors.id"))
    category_id: Mapped[CategoryId] = mapped_column(Uuid, ForeignKey("categories.id"))
    sku: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(220), index=True)
    description: Mapped[str] = mapped_column(Text, default="")
    brand: Mapped[str | None] = mapped_column(String(100))
    precio_venta: Mapped[Money]
    precio_costo: Mapped[Money | None]
    iva_class: Mapped[IvaClass] = word(IvaClass)
    stock: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    weight_kg: Mapped[Decimal] = mapped_column(Numeric(8, 3))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(50)), default=list)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    status: Mapped[ProductStatus] = word(ProductStatus)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    deleted_at: Mapped[Moment | None]

    def get_stock_disponible(self) -> int:
        """What can still be promised to a buyer."""
        return self.stock - self.reserved


class StockHold(Base):
    """Units that one order keeps of one product: open until they are sold or given back, once."""

    __tablename__ = "stock_holds"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("uq_stock_holds_order_id_product_id", "order_id", "product_id", unique=True),
        Index("ix_stock_holds_open", "product_id", postgresql_where=text("state = 'OPEN'")),
    )
    id: Mapped[int] = identity()
    order_id: Mapped[OrderId] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"))
    quantity: Mapped[int]
    state: Mapped[HoldState] = word(HoldState, default=HoldState.OPEN)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
