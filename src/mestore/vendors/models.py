"""Who sells: a shop, its legal identity and whether it may sell now."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Numeric, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, word
from mestore.core.database import Base
from mestore.core.ids import UserId, VendorId, new_uuid


class VendorStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SUSPENDED = "SUSPENDED"


class DocumentType(StrEnum):
    CC = "CC"
    CE = "CE"
    NIT = "NIT"


# As that of a product; spelled as PostgreSQL gives it back, so that Alembic finds no difference.
_RATING = (
    "CASE WHEN (reviews_count > 0) THEN round(((rating_sum)::numeric / (reviews_count)::numeric), 1)"
    " ELSE NULL::numeric END"
)


class Vendor(Base):
    """A shop of the marketplace. Its document is unique: one legal person, one shop."""

    __tablename__ = "vendors"
    __table_args__ = (
        CheckConstraint(
            "reviews_count >= 0 AND rating_sum BETWEEN reviews_count AND 5 * reviews_count", name="rating_sum"
        ),
        Index("uq_vendors_slug", "slug", unique=True),
        Index("uq_vendors_document", "document_type", "document_number", unique=True),
        Index("uq_vendors_user_id", "user_id", unique=True),
    )
    id: Mapped[VendorId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"))
    slug: Mapped[str] = mapped_column(String(120))
    business_name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    document_type: Mapped[DocumentType] = word(DocumentType)
    document_number: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(100))
    status: Mapped[VendorStatus] = word(VendorStatus)
    terms_accepted_at: Mapped[Moment]
    rating_sum: Mapped[int] = mapped_column(default=0, server_default="0")
    """The stars of all reviews of its products that are shown; also of products that it sells no more."""
    reviews_count: Mapped[int] = mapped_column(default=0, server_default="0")
    rating: Mapped[Decimal | None] = mapped_column(Numeric(2, 1), Computed(_RATING))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    deleted_at: Mapped[Moment | None]
