"""Every query about what is compared with a gateway, and where it differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.clock import COLOMBIA
from mestore.core.ids import DifferenceId, PaymentId, UserId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.payments.models import Payment
from mestore.payments.reconciliation.comparison import Differing
from mestore.payments.reconciliation.models import ReconciliationDifference, ReconciliationRun
from mestore.payments.states import OPEN

_OPEN_FOR = timedelta(days=30)
"""No code and no page of a bank can be paid longer than this."""


@dataclass(frozen=True)
class DifferenceFilter:
    """Which differences a list shows; what is None is not asked about."""

    open: bool | None = None
    gateway: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.open is not None:
            closed_at = ReconciliationDifference.closed_at
            found.append(closed_at.is_(None) if self.open else closed_at.is_not(None))
        if self.gateway is not None:
            found.append(ReconciliationDifference.gateway == self.gateway)
        return found


class ReconciliationRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def attempts(self, gateway: str, day: date) -> Sequence[PaymentId]:
        """Those that began on this day in Colombia, and older ones that are still open."""
        start = datetime.combine(day, time.min, COLOMBIA).astimezone(UTC)
        end = start + timedelta(days=1)
        still_open = and_(Payment.created_at >= start - _OPEN_FOR, Payment.status.in_(OPEN))
        query = (
            select(Payment.id)
            .where(Payment.gateway == gateway, Payment.created_at < end, or_(Payment.created_at >= start, still_open))
            .order_by(Payment.id)
        )
        return (await self._session.scalars(query)).all()

    async def attempt(self, payment_id: PaymentId) -> Payment:
        return await self._session.get_one(Payment, payment_id, populate_existing=True)

    async def open_difference(
        self, gateway: str, day: date, reference: str, found: Differing, payment_id: PaymentId | None
    ) -> ReconciliationDifference:
        """The row of it: once for each gateway, day, kind and reference, also when it was closed meanwhile."""
        which = {"gateway": gateway, "day": day, "kind": found.kind, "reference": reference[:120]}
        await self._session.execute(
            insert(ReconciliationDifference)
            .values(**which, payment_id=payment_id, ours=found.ours, theirs=found.theirs, reason=found.reason)
            .on_conflict_do_nothing(index_elements=["gateway", "day", "kind", "reference"])
        )
        return (await self._session.scalars(select(ReconciliationDifference).filter_by(**which))).one()

    async def finish(self, gateway: str, day: date, compared: int) -> None:
        await self._session.execute(
            insert(ReconciliationRun)
            .values(gateway=gateway, day=day, compared=compared)
            .on_conflict_do_update(
                index_elements=["gateway", "day"], set_={"compared": compared, "finished_at": func.now()}
            )
        )

    async def finished(self, days: Sequence[date]) -> set[tuple[str, date]]:
        """Which gateways were compared for which of these days."""
        query = select(ReconciliationRun.gateway, ReconciliationRun.day).where(ReconciliationRun.day.in_(days))
        return {(row.gateway, row.day) for row in await self._session.execute(query)}

    async def get(self, difference_id: DifferenceId) -> ReconciliationDifference | None:
        return await self._session.get(ReconciliationDifference, difference_id, populate_existing=True)

    async def close(self, difference_id: DifferenceId, closed_by: UserId, note: str) -> bool:
        """Whether it was this call that closed it."""
        closed = await self._session.scalar(
            update(ReconciliationDifference)
            .where(ReconciliationDifference.id == difference_id, ReconciliationDifference.closed_at.is_(None))
            .values(closed_at=func.now(), closed_by=closed_by, note=note)
            .returning(ReconciliationDifference.id)
            .execution_options(synchronize_session=False)
        )
        return closed is not None

    async def page(
        self, wanted: DifferenceFilter, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[ReconciliationDifference]:
        """The newest first: ids grow with time."""
        query = select(ReconciliationDifference).where(*wanted.conditions())
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(ReconciliationDifference.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(ReconciliationDifference.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda row: (row.id,), total)
