"""What was said of packages on their way. Rows are only ever added."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, identity, word
from mestore.core.database import Base
from mestore.core.ids import PackageId, TrackingEventId
from mestore.tracking.states import Source, TrackingStatus


class TrackingEvent(Base):
    """A carrier's own event is kept once, whatever becomes of it; so is what a person says twice of one moment.

    Only erasing a buyer changes a row: what was typed into it goes.
    """

    __tablename__ = "tracking_events"
    __table_args__ = (
        CheckConstraint(
            "(source = 'CARRIER') = (carrier IS NOT NULL) AND (carrier IS NULL) = (carrier_event_id IS NULL)",
            name="carrier",
        ),
        Index("uq_tracking_events_carrier_carrier_event_id", "carrier", "carrier_event_id", unique=True),
        Index(
            "uq_tracking_events_told",
            "package_id",
            "source",
            "status",
            "at",
            unique=True,
            postgresql_where=text("carrier IS NULL"),
        ),
        Index("ix_tracking_events_package_id_at", "package_id", "at"),
    )
    id: Mapped[TrackingEventId] = identity()
    package_id: Mapped[PackageId] = mapped_column(BigInteger, ForeignKey("packages.id"))
    status: Mapped[TrackingStatus] = word(TrackingStatus)
    at: Mapped[Moment]
    """When it happened, as who tells it says."""
    place: Mapped[str | None] = mapped_column(String(100))
    message: Mapped[str | None] = mapped_column(String(300))
    source: Mapped[Source] = word(Source)
    carrier: Mapped[str | None] = mapped_column(String(60))
    """By which name it signs."""
    carrier_event_id: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[CreatedAt]
