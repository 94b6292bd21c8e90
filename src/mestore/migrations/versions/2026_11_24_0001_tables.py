"""The tables of every room."""

from collections.abc import Sequence

from mestore.migrations.first_tables import goods, money, people

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for tables in (people, goods, money):
        tables.upgrade()


def downgrade() -> None:
    for tables in (money, goods, people):
        tables.downgrade()
