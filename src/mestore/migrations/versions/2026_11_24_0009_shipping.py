"""What shipping costs, and how long it takes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "shipping_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_code", sa.String(length=2), nullable=True),
        sa.Column("up_to_kg", sa.Numeric(precision=8, scale=3), nullable=True),
        sa.Column("cost", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("free_from", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("department_code ~ '^[0-9]{2}$'", name=op.f("ck_shipping_rates_department_code")),
        sa.CheckConstraint("up_to_kg > 0", name=op.f("ck_shipping_rates_up_to_kg")),
        sa.CheckConstraint("cost >= 0 AND cost = trunc(cost)", name=op.f("ck_shipping_rates_cost")),
        sa.CheckConstraint("free_from >= 0 AND free_from = trunc(free_from)", name=op.f("ck_shipping_rates_free_from")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_rates")),
    )
    op.create_index(
        "uq_shipping_rates_department_code_up_to_kg",
        "shipping_rates",
        ["department_code", "up_to_kg"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "delivery_times",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("department_code", sa.String(length=2), nullable=True),
        sa.Column("municipality_code", sa.String(length=5), nullable=True),
        sa.Column("min_days", sa.SmallInteger(), nullable=False),
        sa.Column("max_days", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(department_code, municipality_code) <= 1", name=op.f("ck_delivery_times_one_place")
        ),
        sa.CheckConstraint("department_code ~ '^[0-9]{2}$'", name=op.f("ck_delivery_times_department_code")),
        sa.CheckConstraint("municipality_code ~ '^[0-9]{5}$'", name=op.f("ck_delivery_times_municipality_code")),
        sa.CheckConstraint(
            "min_days >= 0 AND max_days BETWEEN greatest(min_days, 1) AND 20", name=op.f("ck_delivery_times_days")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_delivery_times_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_times")),
    )
    op.create_index(
        "uq_delivery_times_vendor_id_department_code_municipality_code",
        "delivery_times",
        ["vendor_id", "department_code", "municipality_code"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    op.drop_table("delivery_times")
    op.drop_table("shipping_rates")
