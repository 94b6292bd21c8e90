"""Attempts to pay, what gateways said of them, and what the marketplace keeps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


def upgrade() -> None:
    op.create_table(
        "gateway_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("transaction_id", sa.String(length=120), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "APPLIED",
                "UNMATCHED",
                "NOT_CONFIRMED",
                name="event_outcome",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_events")),
    )
    op.create_index("uq_gateway_events_gateway_dedupe_key", "gateway_events", ["gateway", "dedupe_key"], unique=True)
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "CARD",
                "PSE",
                "NEQUI",
                "BANCOLOMBIA",
                name="payment_method",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "PROCESSING",
                "APPROVED",
                "DECLINED",
                "ERROR",
                "EXPIRED",
                "VOIDED",
                "PARTIALLY_REFUNDED",
                "REFUNDED",
                name="payment_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("settles_order", sa.Boolean(), nullable=False),
        sa.Column("gateway_transaction_id", sa.String(length=120), nullable=True),
        sa.Column("payment_url", sa.String(length=2000), nullable=True),
        sa.Column("return_url", sa.String(length=2000), nullable=True),
        sa.Column("fraud_score", sa.Integer(), nullable=False),
        sa.Column("fraud_reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("failure", sa.String(length=300), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asks", sa.Integer(), nullable=False),
        sa.Column("ask_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("fraud_score BETWEEN 0 AND 100", name=op.f("ck_payments_fraud_score")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_payments_buyer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(
        "ix_payments_ask_after",
        "payments",
        ["ask_after"],
        unique=False,
        postgresql_where=sa.text("ask_after IS NOT NULL"),
    )
    op.create_index("ix_payments_buyer_id_created_at", "payments", ["buyer_id", "created_at"], unique=False)
    op.create_index("ix_payments_order_id", "payments", ["order_id"], unique=False)
    op.create_index(
        "uq_payments_approved",
        "payments",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status = 'APPROVED' AND settles_order"),
    )
    op.create_index("uq_payments_gateway_reference", "payments", ["gateway", "reference"], unique=True)
    op.create_index(
        "uq_payments_gateway_transaction_id", "payments", ["gateway", "gateway_transaction_id"], unique=True
    )
    op.create_index(
        "uq_payments_open_attempt",
        "payments",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('PENDING', 'PROCESSING')"),
    )
    op.create_table(
        "commissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.Numeric(14, 2), nullable=False),
        sa.Column("rate", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "APPROVED",
                "PAID",
                "REVERSED",
                name="commission_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "base > 0 AND rate BETWEEN 0 AND 1 AND amount BETWEEN 0 AND base", name=op.f("ck_commissions_amount")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_commissions_order_id")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_commissions_package_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_commissions_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commissions")),
    )
    op.create_index("ix_commissions_order_id", "commissions", ["order_id"], unique=False)
    op.create_index("ix_commissions_vendor_id_id", "commissions", ["vendor_id", "id"], unique=False)
    op.create_index(
        "uq_commissions_package_id",
        "commissions",
        ["package_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'REVERSED'"),
    )
    op.create_table(
        "payment_cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "UNMATCHED",
                "MISMATCH",
                "LATE",
                "SECOND_PAYMENT",
                "FRAUD_REVIEW",
                "VOIDED",
                name="case_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("gateway_transaction_id", sa.String(length=120), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_cases_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_cases")),
    )
    op.create_index(
        "ix_payment_cases_open",
        "payment_cases",
        ["opened_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_payment_cases_payment_id"), "payment_cases", ["payment_id"], unique=False)
    op.create_index(
        "uq_payment_cases_kind_transaction", "payment_cases", ["kind", "gateway", "gateway_transaction_id"], unique=True
    )
    op.create_table(
        "payment_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "PROCESSING",
                "APPROVED",
                "DECLINED",
                "ERROR",
                "EXPIRED",
                "VOIDED",
                "PARTIALLY_REFUNDED",
                "REFUNDED",
                name="payment_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gateway_transaction_id", sa.String(length=120), nullable=True),
        sa.Column("message", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_events_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_events")),
    )
    op.create_index(op.f("ix_payment_events_payment_id"), "payment_events", ["payment_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_payment_events_payment_id"), table_name="payment_events")
    op.drop_table("payment_events")
    op.drop_index("uq_payment_cases_kind_transaction", table_name="payment_cases")
    op.drop_index(op.f("ix_payment_cases_payment_id"), table_name="payment_cases")
    op.drop_index("ix_payment_cases_open", table_name="payment_cases", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("payment_cases")
    op.drop_index(
        "uq_commissions_package_id", table_name="commissions", postgresql_where=sa.text("status <> 'REVERSED'")
    )
    op.drop_index("ix_commissions_vendor_id_id", table_name="commissions")
    op.drop_index("ix_commissions_order_id", table_name="commissions")
    op.drop_table("commissions")
    op.drop_index(
        "uq_payments_open_attempt",
        table_name="payments",
        postgresql_where=sa.text("status IN ('PENDING', 'PROCESSING')"),
    )
    op.drop_index("uq_payments_gateway_transaction_id", table_name="payments")
    op.drop_index("uq_payments_gateway_reference", table_name="payments")
    op.drop_index(
        "uq_payments_approved", table_name="payments", postgresql_where=sa.text("status = 'APPROVED' AND settles_order")
    )
    op.drop_index("ix_payments_order_id", table_name="payments")
    op.drop_index("ix_payments_buyer_id_created_at", table_name="payments")
    op.drop_index("ix_payments_ask_after", table_name="payments", postgresql_where=sa.text("ask_after IS NOT NULL"))
    op.drop_table("payments")
    op.drop_index("uq_gateway_events_gateway_dedupe_key", table_name="gateway_events")
    op.drop_table("gateway_events")
