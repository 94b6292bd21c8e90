"""Money that gateways send back, and where people want theirs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MADE_ONCE = """
    CREATE TRIGGER refund_is_made_once BEFORE UPDATE ON refunds
        FOR EACH ROW WHEN (OLD.status = 'MADE'{but}) EXECUTE FUNCTION refuse_change()"""
# Where the money went names a person, who may have that erased.
_BUT_FORGOTTEN = """ AND (
    NEW.destination IS NOT NULL AND NEW.destination IS DISTINCT FROM OLD.destination
    OR to_jsonb(NEW) - '{destination,updated_at}'::text[] <> to_jsonb(OLD) - '{destination,updated_at}'::text[])"""


def upgrade() -> None:
    op.add_column("refunds", sa.Column("gateway_number", sa.String(length=120), nullable=True))
    op.add_column("refunds", sa.Column("failure", sa.String(length=300), nullable=True))
    op.add_column("refunds", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("refunds", sa.Column("asks", sa.Integer(), server_default="0", nullable=False))
    op.add_column("refunds", sa.Column("ask_after", sa.DateTime(timezone=True), nullable=True))
    op.add_column("refunds", sa.Column("destination", JSONB(), nullable=True))
    op.add_column("refunds", sa.Column("units", JSONB(), nullable=True))
    op.add_column("refunds", sa.Column("asked_by", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_refunds_asked_by", "refunds", "users", ["asked_by"], ["id"])
    op.create_index("ix_refunds_asked_by", "refunds", ["asked_by"])
    op.create_index("ix_refunds_ask_after", "refunds", ["ask_after"], postgresql_where=sa.text("ask_after IS NOT NULL"))
    op.execute("UPDATE refunds SET ask_after = now() WHERE status IN ('REQUESTED', 'PROCESSING')")
    op.create_check_constraint("asked", "refunds", "(status IN ('REQUESTED', 'PROCESSING')) = (ask_after IS NOT NULL)")
    op.execute("DROP TRIGGER refund_is_made_once ON refunds")
    op.execute(_MADE_ONCE.format(but=_BUT_FORGOTTEN))


def downgrade() -> None:
    op.execute("DROP TRIGGER refund_is_made_once ON refunds")
    op.drop_constraint("asked", "refunds", type_="check")
    for column in (
        "asked_by",
        "units",
        "destination",
        "ask_after",
        "asks",
        "sent_at",
        "failure",
        "gateway_number",
    ):
        op.drop_column("refunds", column)
    op.execute(_MADE_ONCE.format(but=""))
