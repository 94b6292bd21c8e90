"""Who sells: a shop, its legal identity and whether it may sell now."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
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


class Vendor(Base):
    """A shop of the marketplace. Its document is unique: one legal person, one shop."""

    __tablename__ = "vendors"
    __table_args__ = (
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
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    deleted_at: Mapped[Moment | None]
