"""Every query about commissions."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.commissions.errors import CommissionNotFound
from mestore.commissions.models import Commission, CommissionReversal, CommissionStatus
from mestore.core.database import fetch
from mestore.core.ids import CommissionId, OrderId, PackageId, VendorId
from mestore.core.money import Money
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.states import OVER

_UNCHARGED = """
    SELECT id, vendor_id, total FROM packages
    WHERE order_id = $1 AND confirmed_at IS NOT NULL AND status <> ALL($2::varchar[])
        AND NOT EXISTS (SELECT FROM commissions WHERE commissions.package_id = packages.id)
    ORDER BY id
"""
_ADD = """
    INSERT INTO commissions
        (order_id, package_id, vendor_id, base, rate, amount, status, reversed_base, reversed_amount)
    SELECT $1, package_id, vendor_id, base, $2, amount, 'PENDING', 0, 0
    FROM unnest($3::bigint[], $4::uuid[], $5::numeric[], $6::numeric[]) AS new (package_id, vendor_id, base, amount)
    ON CONFLICT (package_id) WHERE status <> 'REVERSED' DO NOTHING
"""


@dataclass(frozen=True)
class Uncharged:
    """A package that has no commission yet."""

    id: PackageId
    vendor_id: VendorId
    total: Money


class CommissionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def uncharged_packages_of(self, order_id: OrderId) -> list[Uncharged]:
        """Its live packages that never had a commission, as they are now: the order's row is locked.

        One whose commission was reversed, because all of it was paid back, does not get another.
        """
        found = await fetch(self._session, _UNCHARGED, order_id, list(OVER))
        return [Uncharged(row["id"], row["vendor_id"], Money(row["total"])) for row in found]

    async def add_once(self, order_id: OrderId, rate: Decimal, charged: Sequence[tuple[Uncharged, Money]]) -> None:
        """A package has at most one commission that was not reversed, by a unique index."""
        await fetch(
            self._session,
            _ADD,
            order_id,
            rate,
            [package.id for package, _ in charged],
            [package.vendor_id for package, _ in charged],
            [package.total.amount for package, _ in charged],
            [amount.amount for _, amount in charged],
        )

    async def unreversed_of(self, package_id: PackageId) -> Commission | None:
        """The package's commission, unless all of it is reversed."""
        return await self._session.scalar(
            select(Commission)
            .where(Commission.package_id == package_id, Commission.status != CommissionStatus.REVERSED)
            .execution_options(populate_existing=True)
        )

    async def reverse_once(self, commission: Commission, cause: str, base: Money, amount: Money) -> None:
        """Take `amount`, its share of `base`, from the commission; for the same cause it is done once."""
        added = await self._session.scalar(
            insert(CommissionReversal)
            .values(commission_id=commission.id, cause=cause, base=base, amount=amount)
            .on_conflict_do_nothing(index_elements=[CommissionReversal.cause])
            .returning(CommissionReversal.id)
        )
        if added is None:
            return
        reversed_base, reversed_amount = commission.reversed_base + base, commission.reversed_amount + amount
        status = CommissionStatus.REVERSED if reversed_base == commission.base else commission.status
        await self._session.execute(
            update(Commission)
            .where(Commission.id == commission.id)
            .values(reversed_base=reversed_base, reversed_amount=reversed_amount, status=status)
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
