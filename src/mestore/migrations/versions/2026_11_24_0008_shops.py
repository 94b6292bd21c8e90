"""What buyers say of a shop's products is kept with the shop; a shop has one import under way."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("vendors", sa.Column("rating_sum", sa.Integer(), server_default="0", nullable=False))
    op.add_column("vendors", sa.Column("reviews_count", sa.Integer(), server_default="0", nullable=False))
    op.execute("""
        UPDATE vendors v SET rating_sum = p.rating_sum, reviews_count = p.reviews_count
        FROM (
            SELECT vendedor_id, sum(rating_sum) AS rating_sum, sum(reviews_count) AS reviews_count
            FROM products GROUP BY vendedor_id
        ) p
        WHERE p.vendedor_id = v.id AND p.reviews_count > 0""")
    op.add_column(
        "vendors",
        sa.Column(
            "rating",
            sa.Numeric(precision=2, scale=1),
            sa.Computed(
                "CASE WHEN (reviews_count > 0) THEN round(((rating_sum)::numeric / (reviews_count)::numeric), 1) ELSE NULL::numeric END",
            ),
            nullable=True,
        ),
    )
    op.create_check_constraint(
        op.f("ck_vendors_rating_sum"),
        "vendors",
        "reviews_count >= 0 AND rating_sum BETWEEN reviews_count AND 5 * reviews_count",
    )
    op.create_index(
        "uq_product_imports_under_way",
        "product_imports",
        ["vendor_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('QUEUED', 'RUNNING')"),
    )


def downgrade() -> None:
    op.drop_index("uq_product_imports_under_way", table_name="product_imports")
    op.drop_column("vendors", "rating")
    op.drop_column("vendors", "reviews_count")
    op.drop_column("vendors", "rating_sum")
