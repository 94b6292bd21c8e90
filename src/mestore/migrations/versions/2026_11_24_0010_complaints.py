"""Complaints (PQR), with what was answered."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Whoever is erased is erased here too: what was said goes, that something was said stays.
ONLY_ADDED = (
    """
    CREATE TRIGGER only_added BEFORE DELETE ON complaint_messages
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER only_erased BEFORE UPDATE ON complaint_messages
        FOR EACH ROW WHEN (
            NEW.text <> ''
            OR (OLD.id, OLD.complaint_id, OLD.actor, OLD.user_id, OLD.at)
                IS DISTINCT FROM (NEW.id, NEW.complaint_id, NEW.actor, NEW.user_id, NEW.at)
        ) EXECUTE FUNCTION refuse_change()""",
)


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def upgrade() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filing_number", sa.String(length=21), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _word("complaint_kind", "PETITION", "COMPLAINT", "CLAIM"), nullable=False),
        sa.Column("status", _word("complaint_status", "OPEN", "ANSWERED", "CLOSED"), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("vendor_id IS NULL OR order_id IS NOT NULL", name=op.f("ck_complaints_vendor_has_order")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_complaints_order_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_complaints_user_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_complaints_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
    )
    op.create_index(op.f("ix_complaints_order_id"), "complaints", ["order_id"], unique=False)
    op.create_index("ix_complaints_status_id", "complaints", ["status", "id"], unique=False)
    op.create_index("ix_complaints_user_id_id", "complaints", ["user_id", "id"], unique=False)
    op.create_index(
        "ix_complaints_vendor_id_id",
        "complaints",
        ["vendor_id", "id"],
        unique=False,
        postgresql_where=sa.text("vendor_id IS NOT NULL"),
    )
    op.create_index(
        "ix_complaints_waiting", "complaints", ["due_at"], unique=False, postgresql_where=sa.text("status = 'OPEN'")
    )
    op.create_index("uq_complaints_filing_number", "complaints", ["filing_number"], unique=True)
    op.create_table(
        "complaint_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("actor", _word("complaint_actor", "BUYER", "VENDOR", "ADMIN"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_messages_complaint_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_complaint_messages_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_messages")),
    )
    op.create_index(op.f("ix_complaint_messages_complaint_id"), "complaint_messages", ["complaint_id"], unique=False)
    op.create_index(op.f("ix_complaint_messages_user_id"), "complaint_messages", ["user_id"], unique=False)
    op.create_table(
        "complaint_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("alt", sa.String(length=200), server_default="", nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 5", name=op.f("ck_complaint_evidence_position")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_evidence_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_evidence")),
    )
    op.create_index(
        "uq_complaint_evidence_complaint_id_position", "complaint_evidence", ["complaint_id", "position"], unique=True
    )
    op.create_index("uq_complaint_evidence_folder", "complaint_evidence", ["folder"], unique=True)
    for trigger in ONLY_ADDED:
        op.execute(trigger)


def downgrade() -> None:
    op.drop_table("complaint_evidence")
    op.drop_table("complaint_messages")
    op.drop_table("complaints")
