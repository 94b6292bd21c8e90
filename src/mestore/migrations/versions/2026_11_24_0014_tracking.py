"""Where packages are."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

HAS_NUMBER = sa.text("guide_number IS NOT NULL")
# Whoever is erased is erased here too: what was typed goes, that something happened stays.
ONLY_ADDED = (
    """
    CREATE TRIGGER only_added BEFORE DELETE ON tracking_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER only_erased BEFORE UPDATE ON tracking_events
        FOR EACH ROW WHEN (
            NEW.place IS NOT NULL OR NEW.message IS NOT NULL
            OR (OLD.id, OLD.package_id, OLD.status, OLD.at, OLD.source, OLD.carrier, OLD.carrier_event_id,
                OLD.created_at)
                IS DISTINCT FROM (NEW.id, NEW.package_id, NEW.status, NEW.at, NEW.source, NEW.carrier,
                NEW.carrier_event_id, NEW.created_at)
        ) EXECUTE FUNCTION refuse_change()""",
)
# `Inter Rapidísimo` and `INTERRAPIDISIMO` are one carrier.
CARRIER_KEY = """
    CREATE FUNCTION carrier_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT regexp_replace(
            lower(translate(name, 'ÁÉÍÓÚÜÑáéíóúüñ', 'AEIOUUNaeiouun')), '[^a-z0-9]', '', 'g'
        ) $$"""


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def upgrade() -> None:
    op.execute(CARRIER_KEY)
    op.drop_index("uq_packages_carrier_guide_number", table_name="packages")
    op.create_index(
        "uq_packages_carrier_guide_number",
        "packages",
        [sa.text("carrier_key(carrier::text)"), sa.text("upper(guide_number::text)")],
        unique=True,
        postgresql_where=HAS_NUMBER,
    )
    op.create_table(
        "tracking_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            _word(
                "tracking_status",
                *("IN_TRANSIT", "AT_WAREHOUSE", "OUT_FOR_DELIVERY", "DELIVERED", "FAILED", "RETURNED"),
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("message", sa.String(length=300), nullable=True),
        sa.Column("source", _word("source", "CARRIER", "VENDOR", "ADMIN"), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("carrier_event_id", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(source = 'CARRIER') = (carrier IS NOT NULL) AND (carrier IS NULL) = (carrier_event_id IS NULL)",
            name=op.f("ck_tracking_events_carrier"),
        ),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_tracking_events_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking_events")),
    )
    op.create_index(
        "uq_tracking_events_carrier_carrier_event_id", "tracking_events", ["carrier", "carrier_event_id"], unique=True
    )
    op.create_index(
        "uq_tracking_events_told",
        "tracking_events",
        ["package_id", "source", "status", "at"],
        unique=True,
        postgresql_where=sa.text("carrier IS NULL"),
    )
    op.create_index("ix_tracking_events_package_id_at", "tracking_events", ["package_id", "at"])
    for trigger in ONLY_ADDED:
        op.execute(trigger)


def downgrade() -> None:
    op.drop_table("tracking_events")
    op.drop_index("uq_packages_carrier_guide_number", table_name="packages")
    op.create_index(
        "uq_packages_carrier_guide_number",
        "packages",
        ["carrier", "guide_number"],
        unique=True,
        postgresql_where=HAS_NUMBER,
    )
    op.execute("DROP FUNCTION carrier_key(text)")
