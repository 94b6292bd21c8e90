"""Every query about commissions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.commissions.errors import CommissionNotFound
from mestore.commissions.models import Commission, CommissionStatus
from mestore.core.ids import CommissionId, OrderId, VendorId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.models import Package
from mestore.orders.states import PackageStatus


class CommissionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def packages_of(self, order_id: OrderId) -> Sequence[Package]:
        live = select(Package).where(Package.order_id == order_id, Package.status != PackageStatus.CANCELLED)
        return (await self._session.scalars(live.order_by(Package.id))).all()

    async def add_once(self, **values: Any) -> None:
        """A package has at most one commission that was not reversed, by a unique index."""
        await self._session.execute(
            insert(Commission)
            .values(status=CommissionStatus.PENDING, **values)
            .on_conflict_do_nothing(
                index_elements=[Commission.package_id],
                # Spelled out: a parameter here stops matching the index once PostgreSQL plans for any value.
                index_where=text("status <> 'REVERSED'"),
            )
        )

    async def page_of_vendor(
        self, vendor_id: VendorId, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Commission]:
        query = select(Commission).where(Commission.vendor_id == vendor_id)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Commission.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Commission.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda commission: (commission.id,), total)

    async def of_vendor(self, vendor_id: VendorId, commission_id: CommissionId) -> Commission:
        found = await self._session.scalar(
            select(Commission).where(Commission.id == commission_id, Commission.vendor_id == vendor_id)
        )
        if found is None:
            raise CommissionNotFound
        return found
