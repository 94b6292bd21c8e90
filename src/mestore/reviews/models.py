"""What buyers say of what they got."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, word
from mestore.core.database import Base
from mestore.core.ids import OrderItemId, ProductId, ReviewId, UserId, new_uuid


class ReviewStatus(StrEnum):
    VISIBLE = "VISIBLE"
    HIDDEN = "HIDDEN"


class Review(Base):
    """A rating and what was said with it, by the buyer of an item that was delivered: one for each item."""

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("uq_reviews_order_item_id", "order_item_id", unique=True),
        Index("ix_reviews_product_id_id", "product_id", "id", postgresql_where=text("status = 'VISIBLE'")),
    )
    id: Mapped[ReviewId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id"))
    order_item_id: Mapped[OrderItemId] = mapped_column(ForeignKey("order_items.id"))
    buyer_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    rating: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[ReviewStatus] = word(ReviewStatus, default=ReviewStatus.VISIBLE)
    """Only what is VISIBLE counts in the ratings of the product and its shop."""
    hidden_reason: Mapped[str | None] = mapped_column(Text)
    reply: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
