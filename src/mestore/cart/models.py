"""What somebody means to buy."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity
from mestore.core.database import Base
from mestore.core.ids import CartId, CartItemId, ProductId, UserId
from mestore.core.money import Money


class Cart(Base):
    """A buyer's only cart, or that of a guest who shows its token. The token itself is kept nowhere.

    Whoever changes its lines holds its row first, so that changes of one cart happen one after the other.
    """

    __tablename__ = "carts"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, token_hash) = 1", name="one_shopper"),
        CheckConstraint("(expires_at IS NULL) = (token_hash IS NULL)", name="guests_expire"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
        Index("uq_carts_user_id", "user_id", unique=True),
        Index("uq_carts_token_hash", "token_hash", unique=True),
        Index("ix_carts_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )
    id: Mapped[CartId] = identity()
    user_id: Mapped[UserId | None] = mapped_column(Uuid, ForeignKey("users.id"))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of a guest's token."""
    expires_at: Mapped[Moment | None]
    """A guest's cart is forgotten so long after its last change; a buyer's never is."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class CartItem(Base):
    """Units of one product. Nothing is on hold for them before the order."""

    __tablename__ = "cart_items"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 999", name="quantity"),
        CheckConstraint("unit_price > 0 AND unit_price = trunc(unit_price)", name="unit_price"),
        Index("uq_cart_items_cart_id_product_id", "cart_id", "product_id", unique=True),
    )
    id: Mapped[CartItemId] = identity()
    cart_id: Mapped[CartId] = mapped_column(ForeignKey("carts.id", ondelete="CASCADE"))
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Money]
    """COP, net of IVA: what the shopper saw when it was added, or agreed to last."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
