"""Efecty; codes that are said at a counter; intents to pay; what tells one payer from another without naming them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_METHODS = "'CARD', 'PSE', 'NEQUI', 'BANCOLOMBIA'"
_KEYS = ("device_key", "address_key", "card_key")


def upgrade() -> None:
    op.drop_constraint("payment_method", "payments", type_="check")
    op.create_check_constraint("payment_method", "payments", f"method IN ({_METHODS}, 'EFECTY')")
    op.add_column("payments", sa.Column("code", sa.String(length=40), nullable=True))
    op.add_column("payments", sa.Column("barcode", sa.String(length=120), nullable=True))
    op.add_column("payments", sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payments", sa.Column("form", JSONB(), nullable=True))
    op.create_index("uq_payments_gateway_code", "payments", ["gateway", "code"], unique=True)
    op.create_index("ix_payments_code", "payments", ["code"], postgresql_where=sa.text("code IS NOT NULL"))
    op.create_index("ix_payments_buyer_id_id", "payments", ["buyer_id", "id"])
    for key in _KEYS:
        op.add_column("payments", sa.Column(key, sa.String(length=64), nullable=True))
        op.create_index(
            f"ix_payments_{key}_created_at",
            "payments",
            [key, "created_at"],
            postgresql_where=sa.text(f"{key} IS NOT NULL"),
        )
    op.create_table(
        "payment_intents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                *("CARD", "PSE", "NEQUI", "BANCOLOMBIA", "EFECTY"),
                name="payment_method",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("return_url", sa.String(length=2000), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_intents_amount")),
        sa.CheckConstraint("payment_id IS NULL OR confirmed_at IS NOT NULL", name=op.f("ck_payment_intents_confirmed")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payment_intents_order_id")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_payment_intents_buyer_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_intents_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_intents")),
    )
    op.create_index("ix_payment_intents_order_id", "payment_intents", ["order_id"])
    op.create_index("ix_payment_intents_buyer_id", "payment_intents", ["buyer_id"])
    op.create_index("uq_payment_intents_payment_id", "payment_intents", ["payment_id"], unique=True)


def downgrade() -> None:
    op.drop_table("payment_intents")
    for key in _KEYS:
        op.drop_column("payments", key)
    op.drop_index("ix_payments_buyer_id_id", table_name="payments")
    for column in ("form", "code_expires_at", "barcode", "code"):
        op.drop_column("payments", column)
    op.drop_constraint("payment_method", "payments", type_="check")
    op.create_check_constraint("payment_method", "payments", f"method IN ({_METHODS})")
