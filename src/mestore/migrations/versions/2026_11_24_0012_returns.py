"""Goods that come back: retracto, from the request to the money; commissions reversed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

RETURN_EDGES = (
    ("REQUESTED", "APPROVED"),
    ("REQUESTED", "REFUSED"),
    ("APPROVED", "IN_TRANSIT"),
    ("APPROVED", "RECEIVED"),
    ("APPROVED", "REFUSED"),
    ("IN_TRANSIT", "RECEIVED"),
    ("IN_TRANSIT", "REFUSED"),
    ("RECEIVED", "REFUNDED"),
    ("REFUSED", "APPROVED"),
)
_CASES = "'UNMATCHED', 'MISMATCH', 'LATE', 'SECOND_PAYMENT', 'FRAUD_REVIEW', 'VOIDED'"
_NOW = sa.text("now()")
_ONLY_ADDED = ("return_history", "commission_reversals")


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def _moment(name: str, *, null: bool = False, default: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null, server_default=_NOW if default else None)


def upgrade() -> None:
    _refunds()
    _returns()
    _reversals()
    for table in _ONLY_ADDED:
        op.execute(
            f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column(
            "status", _word("refund_status", "REQUESTED", "PROCESSING", "MADE", "FAILED", "MANUAL"), nullable=False
        ),
        _moment("due_at"),
        sa.Column("reference", sa.String(length=120), nullable=True),
        _moment("made_at", null=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        _moment("created_at", default=True),
        _moment("updated_at", default=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint(
            "(status = 'MADE') = (made_at IS NOT NULL) AND (status <> 'MADE' OR reference IS NOT NULL)",
            name=op.f("ck_refunds_made"),
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_refunds_package_id")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_refunds_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index("uq_refunds_cause", "refunds", ["cause"], unique=True)
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])
    op.create_index("ix_refunds_order_id_id", "refunds", ["order_id", "id"])
    op.create_index("ix_refunds_package_id", "refunds", ["package_id"])
    op.create_index("ix_refunds_made_by", "refunds", ["made_by"])
    op.create_index("ix_refunds_status_id", "refunds", ["status", "id"])
    op.create_index("ix_refunds_owed", "refunds", ["due_at"], postgresql_where=sa.text("status <> 'MADE'"))
    # The payment's row is held, so that of two refunds at once the second sees the first.
    op.execute("""
        CREATE FUNCTION refuse_refund_beyond_payment() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            paid numeric;
        BEGIN
            SELECT amount INTO paid FROM payments WHERE id = NEW.payment_id FOR NO KEY UPDATE;
            IF (SELECT sum(amount) FROM refunds WHERE payment_id = NEW.payment_id AND status <> 'FAILED') > paid THEN
                RAISE EXCEPTION 'payment % was of less than would go back', NEW.payment_id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER refunds_within_payment AFTER INSERT OR UPDATE OF amount, status, payment_id ON refunds
            FOR EACH ROW EXECUTE FUNCTION refuse_refund_beyond_payment()""")
    op.execute("""
        CREATE TRIGGER refund_is_made_once BEFORE UPDATE ON refunds
            FOR EACH ROW WHEN (OLD.status = 'MADE') EXECUTE FUNCTION refuse_change()""")
    op.drop_constraint("case_kind", "payment_cases", type_="check")
    op.create_check_constraint("case_kind", "payment_cases", f"kind IN ({_CASES}, 'REFUND')")


def _returns() -> None:
    op.create_table(
        "returns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            _word("return_status", "REQUESTED", "APPROVED", "IN_TRANSIT", "RECEIVED", "REFUNDED", "REFUSED"),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("refusal_reason", sa.String(length=300), nullable=True),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("guide_number", sa.String(length=60), nullable=True),
        sa.Column("condition", _word("return_condition", "GOOD", "DAMAGED"), nullable=True),
        sa.Column("refund_amount", sa.Numeric(14, 2), nullable=True),
        _moment("refund_due_at"),
        _moment("received_at", null=True),
        _moment("created_at", default=True),
        _moment("updated_at", default=True),
        sa.CheckConstraint("refund_amount >= 0", name=op.f("ck_returns_refund_amount")),
        sa.CheckConstraint(
            "(status = 'REFUSED') = (refusal_reason IS NOT NULL)", name=op.f("ck_returns_refusal_reason")
        ),
        sa.CheckConstraint(
            "(status IN ('RECEIVED', 'REFUNDED')) = (refund_amount IS NOT NULL)", name=op.f("ck_returns_received")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_returns_order_id")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_returns_package_id")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_returns_buyer_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_returns_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index("ix_returns_order_id_id", "returns", ["order_id", "id"])
    op.create_index("ix_returns_package_id", "returns", ["package_id"])
    op.create_index("ix_returns_buyer_id", "returns", ["buyer_id"])
    op.create_index("ix_returns_vendor_id_id", "returns", ["vendor_id", "id"])
    op.create_index("ix_returns_vendor_id_status_id", "returns", ["vendor_id", "status", "id"])
    op.create_index("ix_returns_status_id", "returns", ["status", "id"])
    op.create_table(
        "return_items",
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("order_item_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 999", name=op.f("ck_return_items_quantity")),
        sa.ForeignKeyConstraint(["return_id"], ["returns.id"], name=op.f("fk_return_items_return_id")),
        sa.ForeignKeyConstraint(["order_item_id"], ["order_items.id"], name=op.f("fk_return_items_order_item_id")),
        sa.PrimaryKeyConstraint("return_id", "order_item_id", name=op.f("pk_return_items")),
    )
    op.create_index("ix_return_items_order_item_id", "return_items", ["order_item_id"])
    op.create_table(
        "return_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        _moment("at", default=True),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("actor", _word("actor", "BUYER", "VENDOR", "ADMIN", "SYSTEM"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["return_id"], ["returns.id"], name=op.f("fk_return_history_return_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_return_history_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_history")),
    )
    op.create_index("ix_return_history_return_id", "return_history", ["return_id"])
    op.create_index("ix_return_history_user_id", "return_history", ["user_id"])
    op.execute("""
        CREATE TABLE return_edges (
            from_status varchar(24) NOT NULL,
            to_status varchar(24) NOT NULL,
            PRIMARY KEY (from_status, to_status)
        )""")
    for before, after in RETURN_EDGES:
        op.execute(f"INSERT INTO return_edges VALUES ('{before}', '{after}')")
    op.execute("""
        CREATE FUNCTION refuse_return_edge() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM return_edges WHERE from_status = OLD.status AND to_status = NEW.status) THEN
                RAISE EXCEPTION 'a return does not move from % to %', OLD.status, NEW.status
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER return_edge BEFORE UPDATE OF status ON returns
            FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION refuse_return_edge()""")


def _reversals() -> None:
    for name in ("reversed_base", "reversed_amount"):
        op.add_column("commissions", sa.Column(name, sa.Numeric(14, 2), nullable=False, server_default="0"))
    op.create_check_constraint(
        "reversed", "commissions", "reversed_base BETWEEN 0 AND base AND reversed_amount BETWEEN 0 AND amount"
    )
    op.create_table(
        "commission_reversals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("commission_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("base", sa.Numeric(14, 2), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        _moment("at", default=True),
        sa.CheckConstraint("base > 0 AND amount BETWEEN 0 AND base", name=op.f("ck_commission_reversals_amount")),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["commissions.id"], name=op.f("fk_commission_reversals_commission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_reversals")),
    )
    op.create_index("uq_commission_reversals_cause", "commission_reversals", ["cause"], unique=True)
    op.create_index("ix_commission_reversals_commission_id", "commission_reversals", ["commission_id"])


def downgrade() -> None:
    op.drop_table("commission_reversals")
    op.drop_constraint("reversed", "commissions", type_="check")
    op.drop_column("commissions", "reversed_amount")
    op.drop_column("commissions", "reversed_base")
    op.drop_table("return_history")
    op.drop_table("return_items")
    op.drop_table("returns")
    op.execute("DROP FUNCTION refuse_return_edge()")
    op.execute("DROP TABLE return_edges")
    op.execute("DELETE FROM payment_cases WHERE kind = 'REFUND'")
    op.drop_constraint("case_kind", "payment_cases", type_="check")
    op.create_check_constraint("case_kind", "payment_cases", f"kind IN ({_CASES})")
    op.drop_table("refunds")
    op.execute("DROP FUNCTION refuse_refund_beyond_payment()")
