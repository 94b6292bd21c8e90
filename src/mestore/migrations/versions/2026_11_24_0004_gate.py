"""Codes by SMS, what a day of them may cost, verified phones that are one account's, and addresses."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _purposes(*purposes: str) -> None:
    op.drop_constraint(op.f("ck_otp_codes_otp_purpose"), "otp_codes")
    listed = ", ".join(f"'{purpose}'" for purpose in purposes)
    op.create_check_constraint(op.f("ck_otp_codes_otp_purpose"), "otp_codes", f"purpose IN ({listed})")


def upgrade() -> None:
    _purposes("VERIFY_EMAIL", "VERIFY_PHONE", "LOGIN_PHONE")
    op.add_column("messages", sa.Column("provider_id", sa.String(length=64), nullable=True))
    op.create_table(
        "sms_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.CheckConstraint("sent > 0", name=op.f("ck_sms_days_sent")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_sms_days")),
    )
    op.create_index(
        "uq_users_verified_phone",
        "users",
        ["phone"],
        unique=True,
        postgresql_where=sa.text("phone_verified AND deleted_at IS NULL"),
    )
    op.create_table(
        "addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("municipality_code", sa.String(length=5), nullable=False),
        sa.Column("notes", sa.String(length=300), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("municipality_code ~ '^[0-9]{5}$'", name=op.f("ck_addresses_municipality_code")),
        sa.CheckConstraint("phone ~ '^\\+[1-9][0-9]{7,14}$'", name=op.f("ck_addresses_phone_e164")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_addresses_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
    )
    op.create_index(op.f("ix_addresses_user_id"), "addresses", ["user_id"])
    op.create_index(
        "uq_addresses_default", "addresses", ["user_id"], unique=True, postgresql_where=sa.text("is_default")
    )


def downgrade() -> None:
    op.drop_table("addresses")
    op.drop_index("uq_users_verified_phone", table_name="users")
    op.drop_table("sms_days")
    op.drop_column("messages", "provider_id")
    op.execute("DELETE FROM otp_codes WHERE purpose = 'LOGIN_PHONE'")
    _purposes("VERIFY_EMAIL", "VERIFY_PHONE")
