"""A vendor's packages with what belongs to them: never another vendor's line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.clock import COLOMBIA
from mestore.core.ids import OrderId, VendorId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.errors import OrderNotFound
from mestore.orders.models import Order, OrderHistory, OrderItem, Package
from mestore.orders.states import OrderStatus, PackageStatus


@dataclass(frozen=True)
class PackageFilter:
    """Which packages a list shows. Days are Colombia's and of the payment, both inclusive."""

    status: PackageStatus | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class VendorOrder:
    """One vendor's part of an order."""

    order_id: OrderId
    order_number: str
    order_status: OrderStatus
    confirmed_at: datetime
    package: Package
    items: Sequence[OrderItem]
    shipping_info: dict[str, Any]
    history: Sequence[OrderHistory] = ()


class VendorOrderRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, vendor_id: VendorId, wanted: PackageFilter, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[VendorOrder]:
        """The newest first: ids grow with time."""
        query = _filtered(_paid(vendor_id), wanted)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Package.id < decode(cursor, row_number)[0])
        found = (await self._session.execute(query.order_by(Package.id.desc()).limit(limit + 1))).all()
        packages = slice_of(found, limit, lambda row: (row.Package.id,), total)
        items = await self._items([row.Package for row in packages.items])
        shown = [
            _part(row.Order, row.Package, [item for item in items if item.package_id == row.Package.id])
            for row in packages.items
        ]
        return Slice(shown, packages.next_cursor, packages.total)

    async def one(self, vendor_id: VendorId, order_id: OrderId) -> VendorOrder:
        query = _paid(vendor_id).where(Order.id == order_id).execution_options(populate_existing=True)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise OrderNotFound
        told = select(OrderHistory).where(OrderHistory.package_id == row.Package.id).order_by(OrderHistory.id)
        history = (await self._session.scalars(told)).all()
        return _part(row.Order, row.Package, await self._items([row.Package]), history)

    async def _items(self, packages: Sequence[Package]) -> Sequence[OrderItem]:
        within = OrderItem.package_id.in_([package.id for package in packages])
        return (await self._session.scalars(select(OrderItem).where(within).order_by(OrderItem.id))).all()


def _part(
    order: Order, package: Package, items: Sequence[OrderItem], history: Sequence[OrderHistory] = ()
) -> VendorOrder:
    assert package.confirmed_at is not None
    return VendorOrder(
        order.id,
        order.order_number,
        order.status,
        package.confirmed_at,
        package,
        items,
        order.shipping_info,
        history,
    )


def _paid(vendor_id: VendorId) -> Select[Package, Order]:
    return (
        select(Package, Order)
        .join(Order, Order.id == Package.order_id)
        .where(Package.vendor_id == vendor_id, Package.confirmed_at.is_not(None))
    )


def _filtered(query: Select[Package, Order], wanted: PackageFilter) -> Select[Package, Order]:
    if wanted.status is not None:
        query = query.where(Package.status == wanted.status)
    if wanted.since is not None:
        query = query.where(Package.confirmed_at >= datetime.combine(wanted.since, datetime.min.time(), COLOMBIA))
    if wanted.until is not None:
        after = datetime.combine(wanted.until + timedelta(days=1), datetime.min.time(), COLOMBIA)
        query = query.where(Package.confirmed_at < after)
    return query
