"""What is sold, and how much of it there is."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import CategoryId, ImageId, OrderId, ProductId, UserId, VendorId, new_uuid
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


class MovementKind(StrEnum):
    """Why a product's figures changed. HOLD, RELEASE, SALE and RETURN are orders' own; the rest a vendor enters."""

    IN = "IN"
    OUT = "OUT"
    ADJUST = "ADJUST"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    SALE = "SALE"
    RETURN = "RETURN"


_FOR_SALE = text("deleted_at IS NULL AND status = 'APPROVED'")
_LIVE = text("deleted_at IS NULL")


# Spelled as PostgreSQL gives it back, so that Alembic finds no difference.
_RATING = (
    "CASE WHEN (reviews_count > 0) THEN round(((rating_sum)::numeric / (reviews_count)::numeric), 1)"
    " ELSE NULL::numeric END"
)


def _sorted_by(name: str, column: str) -> list[Index]:
    """What a list in this order walks: of everything for sale, of a category, of a shop."""
    return [
        Index(f"ix_products_{name}", column, "id", postgresql_where=_FOR_SALE),
        Index(f"ix_products_category_id_{name}", "category_id", column, "id", postgresql_where=_FOR_SALE),
        Index(f"ix_products_vendedor_id_{name}", "vendedor_id", column, "id", postgresql_where=_LIVE),
    ]


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
        CheckConstraint("units_sold >= 0", name="units_sold"),
        CheckConstraint(
            "reviews_count >= 0 AND rating_sum BETWEEN reviews_count AND 5 * reviews_count", name="rating_sum"
        ),
        Index("uq_products_vendedor_id_sku", "vendedor_id", "sku", unique=True, postgresql_where=_LIVE),
        Index("uq_products_slug", "slug", unique=True),
        Index("ix_products_status_created_at_id", "status", "created_at", "id"),
        Index("ix_products_search_vector", "search_vector", postgresql_using="gin"),
        Index(
            "ix_products_name_key_trigrams",
            "name_key",
            postgresql_using="gin",
            postgresql_ops={"name_key": "gin_trgm_ops"},
        ),
        # Suggestions are ranges of letters, and SKUs are typed without their hyphens too.
        Index(
            "ix_products_search_name",
            "name_key",
            postgresql_ops={"name_key": "text_pattern_ops"},
            postgresql_where=_FOR_SALE,
        ),
        Index("ix_products_search_brand", text("fold((brand)::text) text_pattern_ops"), postgresql_where=_FOR_SALE),
        Index(
            "ix_products_search_sku",
            text("replace((sku)::text, '-'::text, ''::text) text_pattern_ops"),
            postgresql_where=_FOR_SALE,
        ),
        *_sorted_by("newest", "created_at"),
        *_sorted_by("price", "precio_venta"),
        *_sorted_by("name", "name_key"),
        *_sorted_by("best_selling", "units_sold"),
    )
    id: Mapped[ProductId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    vendedor_id: Mapped[VendorId] = mapped_column(Uuid, ForeignKey("vendors.id"))
    category_id: Mapped[CategoryId] = mapped_column(Uuid, ForeignKey("categories.id"))
    sku: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200), server_default="")
    """The name without accents and capitals, by which lists are sorted; a trigger keeps it."""
    slug: Mapped[str] = mapped_column(String(220))
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
    withdrawal_excluded_reason: Mapped[str | None] = mapped_column(String(200))
    """Why this can't be given back within five days (Ley 1480, art. 47), shown before it is bought."""
    status: Mapped[ProductStatus] = word(ProductStatus)
    rejection_reason: Mapped[str | None] = mapped_column(String(300))
    units_sold: Mapped[int] = mapped_column(default=0, server_default="0")
    rating_sum: Mapped[int] = mapped_column(default=0, server_default="0")
    reviews_count: Mapped[int] = mapped_column(default=0, server_default="0")
    rating: Mapped[Decimal | None] = mapped_column(Numeric(2, 1), Computed(_RATING))
    search_vector: Mapped[str] = mapped_column(TSVECTOR, server_default="", deferred=True)
    """Its words by weight: name A, category B, brand C, description and tags D; a trigger keeps it."""
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
        CheckConstraint("returned BETWEEN 0 AND quantity AND (returned = 0 OR state = 'SOLD')", name="returned"),
        Index("uq_stock_holds_order_id_product_id", "order_id", "product_id", unique=True),
        Index("ix_stock_holds_open", "product_id", postgresql_where=text("state = 'OPEN'")),
    )
    id: Mapped[int] = identity()
    order_id: Mapped[OrderId] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"))
    quantity: Mapped[int]
    state: Mapped[HoldState] = word(HoldState, default=HoldState.OPEN)
    returned: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of the units sold, how many came back into stock: its order or package was cancelled, or they were returned."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class StockMovement(Base):
    """One change of a product's figures, by whom and why. Rows are only ever added; their sums are the figures."""

    __tablename__ = "stock_movements"
    __table_args__ = (
        CheckConstraint("stock_change <> 0 OR reserved_change <> 0", name="changes"),
        Index("ix_stock_movements_product_id_id", "product_id", "id"),
    )
    id: Mapped[int] = identity()
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"))
    kind: Mapped[MovementKind] = word(MovementKind)
    stock_change: Mapped[int] = mapped_column(server_default="0")
    reserved_change: Mapped[int] = mapped_column(server_default="0")
    order_id: Mapped[OrderId | None] = mapped_column(ForeignKey("orders.id"), index=True)
    user_id: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    """Who entered it; nobody where an order's own course did it."""
    reason: Mapped[str] = mapped_column(String(200), server_default="")
    created_at: Mapped[CreatedAt]


class ProductSlug(Base):
    """Every address a product ever had, so that an old link still finds it; no two products share one."""

    __tablename__ = "product_slugs"
    slug: Mapped[str] = mapped_column(String(220), primary_key=True)
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"), index=True)


class ProductImage(Base):
    """A picture of a product. Its files lie in the object store under `folder`, which can't be guessed."""

    __tablename__ = "product_images"
    __table_args__ = (
        CheckConstraint("position BETWEEN 1 AND 10", name="position"),
        CheckConstraint("color ~ '^#[0-9a-f]{6}$'", name="color"),
        # Deferred, so that two pictures can change places in one transaction.
        UniqueConstraint("product_id", "position", deferrable=True, initially="DEFERRED"),
        Index("uq_product_images_folder", "folder", unique=True),
    )
    id: Mapped[ImageId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"))
    position: Mapped[int]
    alt: Mapped[str] = mapped_column(String(200), server_default="")
    width: Mapped[int]
    """Of the largest file, in pixels; so is `height`."""
    height: Mapped[int]
    color: Mapped[str] = mapped_column(String(7))
    """The dominant colour, which a page shows until the picture is there."""
    folder: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
