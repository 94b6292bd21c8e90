"""What counters and gateways say they took, held against what is on record."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OUTCOMES = (
    *("CONFIRMED", "KNOWN", "PENDING", "UNDERPAID", "OVERPAID", "LATE", "SECOND_PAYMENT", "UNKNOWN", "RETURNED"),
)


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def upgrade() -> None:
    _collections()
    op.create_table(
        "reconciliation_differences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind", _word("difference_kind", "MISSING_HERE", "MISSING_THERE", "AMOUNT", "STATUS"), nullable=False
        ),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("ours", sa.String(length=60), nullable=True),
        sa.Column("theirs", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        _moment("opened_at"),
        _moment("closed_at", nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (note IS NULL)",
            name=op.f("ck_reconciliation_differences_closed"),
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_reconciliation_differences_payment_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_reconciliation_differences_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_differences")),
    )
    op.create_index(
        "uq_reconciliation_differences_gateway_day_kind_reference",
        "reconciliation_differences",
        ["gateway", "day", "kind", "reference"],
        unique=True,
    )
    op.create_index(
        "ix_reconciliation_differences_open",
        "reconciliation_differences",
        ["id"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    for column in ("payment_id", "closed_by"):
        op.create_index(f"ix_reconciliation_differences_{column}", "reconciliation_differences", [column])
    op.create_table(
        "reconciliation_runs",
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        _moment("finished_at"),
        sa.PrimaryKeyConstraint("gateway", "day", name=op.f("pk_reconciliation_runs")),
    )


def _collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("source", _word("collection_source", "FILE", "CODE"), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("outcome", _word("collection_outcome", *OUTCOMES), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("received_by", sa.Uuid(), nullable=False),
        _moment("received_at"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_collections_amount")),
        sa.CheckConstraint("outcome <> 'PENDING'", name=op.f("ck_collections_outcome")),
        sa.CheckConstraint("(outcome = 'UNKNOWN') = (payment_id IS NULL)", name=op.f("ck_collections_payment")),
        sa.CheckConstraint("(source = 'FILE') = (line IS NOT NULL)", name=op.f("ck_collections_line")),
        sa.CheckConstraint(
            "NOT first OR (source = 'FILE' AND payment_id IS NOT NULL)", name=op.f("ck_collections_first")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_collections_payment_id")),
        sa.ForeignKeyConstraint(["received_by"], ["users.id"], name=op.f("fk_collections_received_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
    )
    op.create_index("uq_collections_key", "collections", ["key"], unique=True)
    op.create_index(
        "uq_collections_first", "collections", ["payment_id"], unique=True, postgresql_where=sa.text("first")
    )
    for column in ("payment_id", "received_by"):
        op.create_index(f"ix_collections_{column}", "collections", [column])


def downgrade() -> None:
    for table in ("reconciliation_runs", "reconciliation_differences", "collections"):
        op.drop_table(table)
