"""Every query about tracking."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from mestore.core.ids import OrderId, PackageId, UserId
from mestore.orders.errors import OrderNotFound
from mestore.orders.models import Order, Package
from mestore.tracking.models import TrackingEvent
from mestore.tracking.states import FINAL, Source, TrackingStatus


@dataclass(frozen=True)
class NewEvent:
    """What becomes a row. `carrier` and its `carrier_event_id` are a carrier's own, and nobody else's."""

    package_id: PackageId
    status: TrackingStatus
    at: datetime
    place: str | None
    message: str | None
    source: Source
    carrier: str | None = None
    carrier_event_id: str | None = None


class TrackingRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def now(self) -> datetime:
        """By PostgreSQL's clock, by which packages were shipped."""
        return (await self._session.execute(select(func.now()))).scalar_one()

    async def followed(self, carrier: str, guide_number: str) -> tuple[OrderId, PackageId] | None:
        """The package that travels under this number, however its vendor spelled the carrier's name."""
        row = (
            await self._session.execute(
                select(Package.order_id, Package.id).where(
                    func.carrier_key(Package.carrier) == func.carrier_key(carrier),
                    func.upper(Package.guide_number) == guide_number.upper(),
                    Package.guide_number.is_not(None),
                )
            )
        ).one_or_none()
        return (row[0], row[1]) if row else None

    async def add(self, new: NewEvent) -> bool:
        """Whether it is new: what was told before is there once."""
        added = await self._session.scalar(
            insert(TrackingEvent).values(vars(new)).on_conflict_do_nothing().returning(TrackingEvent.id)
        )
        return added is not None

    async def delivery_failed(self, package_id: PackageId) -> bool:
        """Whether the last that is known of its way, by when it happened, is that it could not be handed over."""
        failed = TrackingEvent.status == TrackingStatus.FAILED
        last = await self._session.scalar(
            select(failed)
            .where(TrackingEvent.package_id == package_id, TrackingEvent.status.not_in(FINAL))
            .order_by(TrackingEvent.at.desc(), failed.desc())
            .limit(1)
        )
        return bool(last)

    async def events(self, package_ids: Collection[PackageId]) -> Sequence[TrackingEvent]:
        """The newest first, by when they happened."""
        query = select(TrackingEvent).where(TrackingEvent.package_id.in_(package_ids))
        return (await self._session.scalars(query.order_by(TrackingEvent.at.desc(), TrackingEvent.id.desc()))).all()

    async def order(self, order_id: OrderId, buyer_id: UserId | None = None) -> Order:
        """An order with its packages and history; only of this buyer, if one is named.

        Raises:
            OrderNotFound: there is none, or it is somebody else's.
        """
        query = select(Order).where(Order.id == order_id)
        if buyer_id is not None:
            query = query.where(Order.buyer_id == buyer_id)
        whole = query.options(selectinload(Order.packages), selectinload(Order.history))
        order = await self._session.scalar(whole.execution_options(populate_existing=True))
        if order is None:
            raise OrderNotFound
        return order

    async def by_number(self, order_number: str) -> Order | None:
        query = select(Order).where(Order.order_number == order_number).options(selectinload(Order.packages))
        return await self._session.scalar(query)
