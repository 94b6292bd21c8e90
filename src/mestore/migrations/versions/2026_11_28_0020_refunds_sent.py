"""How often a refund was sent, so that one which its gateway never has does not go on for ever.

And a payment of which a part went back still is the one that settles its order.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("refunds", sa.Column("sends", sa.Integer(), server_default="0", nullable=False))
    _one_settles("status IN ('APPROVED', 'PARTIALLY_REFUNDED') AND settles_order")


def downgrade() -> None:
    _one_settles("status = 'APPROVED' AND settles_order")
    op.drop_column("refunds", "sends")


def _one_settles(where: str) -> None:
    op.drop_index("uq_payments_approved", "payments")
    op.create_index("uq_payments_approved", "payments", ["order_id"], unique=True, postgresql_where=sa.text(where))
