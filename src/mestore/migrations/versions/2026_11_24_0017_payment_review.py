"""Payments that a person looks at, who may not pay, and money that came after its order's hold ran out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_RESOLUTIONS = ("APPROVED", "REJECTED", "REFUNDED", "PLACED", "NOTHING_OWED")
_KINDS = ("EMAIL", "PHONE", "DOCUMENT", "CARD", "DEVICE", "ADDRESS")
_HOLD_ENDS_ONCE = """
    CREATE TRIGGER hold_ends_once BEFORE UPDATE ON stock_holds
        FOR EACH ROW WHEN (OLD.state <> 'OPEN' AND (OLD.state, OLD.quantity) IS DISTINCT FROM (NEW.state, NEW.quantity){})
        EXECUTE FUNCTION refuse_reopened_hold()"""


def upgrade() -> None:
    op.execute("INSERT INTO order_edges VALUES ('CANCELLED', 'CONFIRMED')")
    op.execute("INSERT INTO package_edges VALUES ('CANCELLED', 'PENDING')")
    # Late money takes the same units again.
    op.execute("DROP TRIGGER hold_ends_once ON stock_holds")
    op.execute(
        _HOLD_ENDS_ONCE.format(
            " AND (OLD.state, OLD.quantity, NEW.state) IS DISTINCT FROM ('RELEASED', NEW.quantity, 'OPEN')"
        )
    )
    op.create_index("ix_payments_status_id", "payments", ["status", "id"])
    op.add_column("payment_cases", sa.Column("closed_by", sa.Uuid(), nullable=True))
    op.add_column("payment_cases", sa.Column("resolution", _words("case_resolution", _RESOLUTIONS), nullable=True))
    op.add_column("payment_cases", sa.Column("note", sa.String(length=1000), nullable=True))
    op.execute("UPDATE payment_cases SET resolution = 'NOTHING_OWED' WHERE closed_at IS NOT NULL")
    op.create_check_constraint("closed", "payment_cases", "(closed_at IS NULL) = (resolution IS NULL)")
    op.create_foreign_key(op.f("fk_payment_cases_closed_by"), "payment_cases", "users", ["closed_by"], ["id"])
    op.create_index("ix_payment_cases_closed_by", "payment_cases", ["closed_by"])
    op.create_table(
        "fraud_blocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", _words("block_kind", _KINDS), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("blocked_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["blocked_by"], ["users.id"], name=op.f("fk_fraud_blocks_blocked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fraud_blocks")),
    )
    op.create_index("uq_fraud_blocks_digest", "fraud_blocks", ["digest"], unique=True)
    op.create_index("ix_fraud_blocks_blocked_by", "fraud_blocks", ["blocked_by"])


def downgrade() -> None:
    op.drop_table("fraud_blocks")
    op.drop_constraint("closed", "payment_cases", type_="check")
    for column in ("note", "resolution", "closed_by"):
        op.drop_column("payment_cases", column)
    op.drop_index("ix_payments_status_id", table_name="payments")
    op.execute("DROP TRIGGER hold_ends_once ON stock_holds")
    op.execute(_HOLD_ENDS_ONCE.format(""))
    op.execute("DELETE FROM package_edges WHERE from_status = 'CANCELLED'")
    op.execute("DELETE FROM order_edges WHERE from_status = 'CANCELLED'")


def _words(name: str, words: Sequence[str]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)
