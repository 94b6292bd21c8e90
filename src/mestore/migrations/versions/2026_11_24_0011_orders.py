"""Packages move along a table of their own; what was promised, shipped, delivered and returned."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PACKAGE_EDGES = (
    ("PENDING", "PREPARING"),
    ("PENDING", "READY_TO_SHIP"),
    ("PENDING", "SHIPPED"),
    ("PENDING", "CANCELLED"),
    ("PREPARING", "READY_TO_SHIP"),
    ("PREPARING", "SHIPPED"),
    ("PREPARING", "CANCELLED"),
    ("READY_TO_SHIP", "SHIPPED"),
    ("READY_TO_SHIP", "CANCELLED"),
    ("SHIPPED", "DELIVERED"),
    ("SHIPPED", "RETURNED"),
    ("DELIVERED", "RETURNED"),
)
_MOMENTS = ("confirmed_at", "shipped_at", "delivery_failed_at", "delivered_at", "returnable_until")
CONFIRMED = sa.text("confirmed_at IS NOT NULL")


def upgrade() -> None:
    _packages()
    _items()
    op.create_index("ix_orders_buyer_id_status_id", "orders", ["buyer_id", "status", "id"])
    op.create_index("ix_orders_status_id", "orders", ["status", "id"])
    op.create_index("ix_orders_created_at", "orders", ["created_at"])
    op.add_column("stock_holds", sa.Column("returned", sa.Integer(), nullable=False, server_default="0"))
    op.create_check_constraint(
        "returned", "stock_holds", "returned BETWEEN 0 AND quantity AND (returned = 0 OR state = 'SOLD')"
    )
    # What was sold may come back; it stays sold.
    op.execute("DROP TRIGGER hold_ends_once ON stock_holds")
    op.execute("""
        CREATE TRIGGER hold_ends_once BEFORE UPDATE ON stock_holds
            FOR EACH ROW WHEN (OLD.state <> 'OPEN' AND (OLD.state, OLD.quantity) IS DISTINCT FROM (NEW.state, NEW.quantity))
            EXECUTE FUNCTION refuse_reopened_hold()""")


def _packages() -> None:
    op.add_column("packages", sa.Column("promised_from", sa.Date()))
    op.add_column("packages", sa.Column("promised_by", sa.Date()))
    for name in _MOMENTS:
        op.add_column("packages", sa.Column(name, sa.DateTime(timezone=True)))
    op.execute("""
        UPDATE packages p SET promised_from = (o.created_at AT TIME ZONE 'America/Bogota')::date + 2,
            promised_by = (o.created_at AT TIME ZONE 'America/Bogota')::date + 12,
            confirmed_at = (
                SELECT min(h.at) FROM order_history h
                WHERE h.order_id = o.id AND h.package_id IS NULL AND h.to_status = 'CONFIRMED'
            )
        FROM orders o WHERE o.id = p.order_id""")
    op.alter_column("packages", "promised_from", nullable=False)
    op.alter_column("packages", "promised_by", nullable=False)
    op.drop_index("ix_packages_vendor_id_id", table_name="packages")
    op.create_index("ix_packages_vendor_id_id", "packages", ["vendor_id", "id"], postgresql_where=CONFIRMED)
    op.create_index(
        "ix_packages_vendor_id_status_id", "packages", ["vendor_id", "status", "id"], postgresql_where=CONFIRMED
    )
    op.create_index(
        "ix_packages_on_the_way", "packages", ["shipped_at"], postgresql_where=sa.text("status = 'SHIPPED'")
    )
    op.create_index(
        "uq_packages_carrier_guide_number",
        "packages",
        ["carrier", "guide_number"],
        unique=True,
        postgresql_where=sa.text("guide_number IS NOT NULL"),
    )
    op.execute("""
        CREATE TABLE package_edges (
            from_status varchar(24) NOT NULL,
            to_status varchar(24) NOT NULL,
            PRIMARY KEY (from_status, to_status)
        )""")
    for before, after in PACKAGE_EDGES:
        op.execute(f"INSERT INTO package_edges VALUES ('{before}', '{after}')")
    op.execute("""
        CREATE FUNCTION refuse_package_edge() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM package_edges WHERE from_status = OLD.status AND to_status = NEW.status) THEN
                RAISE EXCEPTION 'a package does not move from % to %', OLD.status, NEW.status
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER package_edge BEFORE UPDATE OF status ON packages
            FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION refuse_package_edge()""")


def _items() -> None:
    op.add_column("order_items", sa.Column("return_excluded_reason", sa.String(200)))
    for name in ("returned_units", "refunded_units"):
        op.add_column("order_items", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_check_constraint(
        "refunded_units", "order_items", "0 <= refunded_units AND refunded_units <= returned_units"
    )
    op.create_check_constraint("returned_units", "order_items", "returned_units <= quantity")


def downgrade() -> None:
    op.drop_constraint("returned_units", "order_items", type_="check")
    op.drop_constraint("refunded_units", "order_items", type_="check")
    for name in ("refunded_units", "returned_units", "return_excluded_reason"):
        op.drop_column("order_items", name)
    op.execute("DROP TRIGGER package_edge ON packages")
    op.execute("DROP FUNCTION refuse_package_edge()")
    op.execute("DROP TABLE package_edges")
    op.drop_index("uq_packages_carrier_guide_number", table_name="packages")
    op.drop_index("ix_packages_on_the_way", table_name="packages")
    op.drop_index("ix_packages_vendor_id_status_id", table_name="packages")
    op.drop_index("ix_packages_vendor_id_id", table_name="packages")
    op.create_index("ix_packages_vendor_id_id", "packages", ["vendor_id", "id"])
    for name in (*_MOMENTS, "promised_by", "promised_from"):
        op.drop_column("packages", name)
    op.execute("DROP TRIGGER hold_ends_once ON stock_holds")
    op.execute("""
        CREATE TRIGGER hold_ends_once BEFORE UPDATE ON stock_holds
            FOR EACH ROW WHEN (OLD.state <> 'OPEN') EXECUTE FUNCTION refuse_reopened_hold()""")
    op.drop_constraint("returned", "stock_holds", type_="check")
    op.drop_column("stock_holds", "returned")
    op.drop_index("ix_orders_created_at", table_name="orders")
    op.drop_index("ix_orders_status_id", table_name="orders")
    op.drop_index("ix_orders_buyer_id_status_id", table_name="orders")
