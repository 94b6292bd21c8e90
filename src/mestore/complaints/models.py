"""Petitions, complaints and claims (PQR): what was filed, what was said about it since, and the pictures that prove it.

Ley 1480 of 2011, article 50 g, has an online marketplace take them and give each a number and a date; Ley 1755 of 2015,
article 14, gives fifteen working days to answer.
"""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mestore.complaints.states import ComplaintActor, ComplaintKind, ComplaintStatus
from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import (
    ComplaintId,
    ComplaintMessageId,
    EvidenceId,
    OrderId,
    UserId,
    VendorId,
    new_uuid,
)


class Complaint(Base):
    """`filing_number` is what the person keeps and quotes. While OPEN it is to be answered by `due_at` (UTC)."""

    __tablename__ = "complaints"
    __table_args__ = (
        # A shop reads only complaints about orders that it had a part in.
        CheckConstraint("vendor_id IS NULL OR order_id IS NOT NULL", name="vendor_has_order"),
        Index("uq_complaints_filing_number", "filing_number", unique=True),
        Index("ix_complaints_user_id_id", "user_id", "id"),
        Index("ix_complaints_vendor_id_id", "vendor_id", "id", postgresql_where=text("vendor_id IS NOT NULL")),
        Index("ix_complaints_status_id", "status", "id"),
        Index("ix_complaints_waiting", "due_at", postgresql_where=text("status = 'OPEN'")),
    )
    id: Mapped[ComplaintId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    filing_number: Mapped[str] = mapped_column(String(21))
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"))
    kind: Mapped[ComplaintKind] = word(ComplaintKind)
    status: Mapped[ComplaintStatus] = word(ComplaintStatus, default=ComplaintStatus.OPEN)
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    order_id: Mapped[OrderId | None] = mapped_column(BigInteger, ForeignKey("orders.id"), index=True)
    vendor_id: Mapped[VendorId | None] = mapped_column(Uuid, ForeignKey("vendors.id"))
    """The shop that it is about, which then reads it too; None: it is between the person and the marketplace."""
    due_at: Mapped[Moment]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    messages: Mapped[list["ComplaintMessage"]] = relationship(lazy="raise", order_by="ComplaintMessage.id")
    evidence: Mapped[list["ComplaintEvidence"]] = relationship(lazy="raise", order_by="ComplaintEvidence.position")


class ComplaintMessage(Base):
    """What somebody said in a complaint. Rows are only ever added; erasing a person empties `text`."""

    __tablename__ = "complaint_messages"
    id: Mapped[ComplaintMessageId] = identity()
    complaint_id: Mapped[ComplaintId] = mapped_column(Uuid, ForeignKey("complaints.id"), index=True)
    actor: Mapped[ComplaintActor] = word(ComplaintActor)
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[CreatedAt]


class ComplaintEvidence(Base):
    """A picture that the person added. `folder` is where its file lies in the private store."""

    __tablename__ = "complaint_evidence"
    __table_args__ = (
        CheckConstraint("position BETWEEN 1 AND 5", name="position"),
        Index("uq_complaint_evidence_complaint_id_position", "complaint_id", "position", unique=True),
        Index("uq_complaint_evidence_folder", "folder", unique=True),
    )
    id: Mapped[EvidenceId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    complaint_id: Mapped[ComplaintId] = mapped_column(Uuid, ForeignKey("complaints.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    alt: Mapped[str] = mapped_column(String(200), server_default="")
    width: Mapped[int]
    height: Mapped[int]
    folder: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
