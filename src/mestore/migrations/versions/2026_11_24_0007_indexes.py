"""What a vendor sold is found by the vendor, and refresh tokens that are over by when they expired."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_order_items_vendor_id_order_id", "order_items", ["vendor_id", "order_id"])
    op.create_index(
        "ix_refresh_tokens_last", "refresh_tokens", ["expires_at"], postgresql_where=sa.text("used_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_refresh_tokens_last", table_name="refresh_tokens")
    op.drop_index("ix_order_items_vendor_id_order_id", table_name="order_items")
