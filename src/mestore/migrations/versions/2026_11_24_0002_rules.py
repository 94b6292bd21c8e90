"""Rules that the database keeps by itself: rows only ever added, the edges of an order's states, and the job queue."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ONLY_ADDED = ("order_history", "payment_events")

ORDER_EDGES = (
    ("PENDING", "CONFIRMED"),
    ("PENDING", "CANCELLED"),
    ("CONFIRMED", "PROCESSING"),
    ("CONFIRMED", "SHIPPED"),
    ("CONFIRMED", "CANCELLED"),
    ("PROCESSING", "SHIPPED"),
    ("PROCESSING", "CANCELLED"),
    ("SHIPPED", "DELIVERED"),
    ("DELIVERED", "REFUNDED"),
)

RULES = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TABLE order_edges (
    from_status varchar(24) NOT NULL,
    to_status varchar(24) NOT NULL,
    PRIMARY KEY (from_status, to_status)
);

CREATE FUNCTION refuse_order_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM order_edges WHERE from_status = OLD.status AND to_status = NEW.status) THEN
        RAISE EXCEPTION 'an order does not move from % to %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER order_edge BEFORE UPDATE OF status ON orders
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION refuse_order_edge();

CREATE FUNCTION refuse_reopened_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a hold that is % stays so', OLD.state USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER hold_ends_once BEFORE UPDATE ON stock_holds
    FOR EACH ROW WHEN (OLD.state <> 'OPEN') EXECUTE FUNCTION refuse_reopened_hold();
"""


def _run(script: str) -> None:
    """Many statements at once, which only the driver itself can do."""
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))


def upgrade() -> None:
    _run(RULES)
    for edge in ORDER_EDGES:
        op.execute(f"INSERT INTO order_edges VALUES ('{edge[0]}', '{edge[1]}')")
    for table in ONLY_ADDED:
        op.execute(
            f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    _run((Path(__file__).parent.parent / "pgqueuer.sql").read_text())


def downgrade() -> None:
    for table in ONLY_ADDED:
        op.execute(f"DROP TRIGGER only_added ON {table}")
    _run("""
        DROP TRIGGER hold_ends_once ON stock_holds;
        DROP FUNCTION refuse_reopened_hold();
        DROP TRIGGER order_edge ON orders;
        DROP FUNCTION refuse_order_edge();
        DROP TABLE order_edges;
        DROP FUNCTION refuse_change();
        DROP TABLE pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics;
        DROP FUNCTION fn_pgqueuer_changed() CASCADE;
        DROP TYPE pgqueuer_status;
    """)
