"""Every query about orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from mestore.core.clock import COLOMBIA
from mestore.core.columns import from_now
from mestore.core.database import fetch
from mestore.core.ids import OrderId, PackageId, UserId, VendorId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.errors import OrderNotFound
from mestore.orders.models import Order, OrderHistory, OrderItem, Package
from mestore.orders.states import Actor, OrderStatus, PackageStatus

_PROLONG_OPEN = """
    UPDATE orders SET expires_at = greatest(expires_at, now() + $2), updated_at = now()
    WHERE id = $1 AND expires_at >= now() RETURNING expires_at
"""
_PROLONG_TO = """
    UPDATE orders SET expires_at = greatest(expires_at, $2), updated_at = now() WHERE id = $1 RETURNING expires_at
"""
_MOVE = """
    WITH moved AS (UPDATE orders SET status = $3::varchar, updated_at = now() WHERE id = $1 RETURNING id)
    INSERT INTO order_history (order_id, from_status, to_status, actor, user_id, reason)
    SELECT id, $2, $3, $4, $5, $6 FROM moved
"""
_TELL = """
    INSERT INTO order_history (order_id, package_id, from_status, to_status, actor, user_id, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_LOCKED = (
    select(Order)
    .where(Order.id == bindparam("id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
"""Made once: to put it together again costs as much as to ask PostgreSQL."""


@dataclass(frozen=True)
class OrderFilter:
    """Which orders a list shows; what is None is not asked about. Days are Colombia's, both inclusive."""

    status: OrderStatus | None = None
    since: date | None = None
    until: date | None = None
    buyer_id: UserId | None = None
    vendor_id: VendorId | None = None
    order_number: str | None = None


class OrderRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_buyer(self, buyer_id: UserId, order_id: OrderId) -> Order:
        """Someone else's order is as absent as one that never existed."""
        return await self._whole(Order.id == order_id, Order.buyer_id == buyer_id)

    async def whole(self, order_id: OrderId) -> Order:
        return await self._whole(Order.id == order_id)

    async def _whole(self, *which: ColumnElement[bool]) -> Order:
        order = await self._session.scalar(
            select(Order)
            .where(*which)
            .options(selectinload(Order.items), selectinload(Order.packages), selectinload(Order.history))
            .execution_options(populate_existing=True)
        )
        if order is None:
            raise OrderNotFound
        return order

    async def page(self, wanted: OrderFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[Order]:
        """The newest first: ids grow with time."""
        query = select(Order).where(*_conditions(wanted))
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Order.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Order.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda order: (order.id,), total)

    async def locked(self, order_id: OrderId) -> Order:
        """The order with its row held until the transaction ends: taken before its payments and its stock."""
        order = await self._session.scalar(_LOCKED, {"id": order_id})
        if order is None:
            raise OrderNotFound
        return order

    async def hold(self, order_id: OrderId) -> None:
        """Its row held until the transaction ends, unread."""
        if not await fetch(self._session, "SELECT FROM orders WHERE id = $1 FOR NO KEY UPDATE", order_id):
            raise OrderNotFound

    async def prolong(self, order_id: OrderId, wait: timedelta) -> None:
        await self._session.execute(
            update(Order).where(Order.id == order_id).values(expires_at=func.greatest(Order.expires_at, from_now(wait)))
        )

    async def prolong_to(self, order_id: OrderId, moment: datetime) -> datetime:
        """Until when its stock is kept now."""
        found: datetime = (await fetch(self._session, _PROLONG_TO, order_id, moment))[0]["expires_at"]
        return found

    async def prolong_open(self, order_id: OrderId, wait: timedelta) -> datetime | None:
        """Until when its stock is kept now; None where that is over, and nothing changed."""
        found = await fetch(self._session, _PROLONG_OPEN, order_id, wait)
        return found[0]["expires_at"] if found else None

    async def hold_is_over(self, order_id: OrderId) -> bool:
        over = await self._session.scalar(select(Order.id).where(Order.id == order_id, Order.expires_at < func.now()))
        return over is not None

    async def expired(self, limit: int) -> Sequence[OrderId]:
        """Unpaid orders whose hold is over, the oldest first."""
        query = select(Order.id).where(*_hold_is_over()).order_by(Order.expires_at).limit(limit)
        return (await self._session.scalars(query)).all()

    async def lock_expired(self, order_id: OrderId) -> Order | None:
        """It, unless somebody pays or cancels it just now: it is left to them."""
        return await self._lock_if_free(Order.id == order_id, *_hold_is_over())

    async def long_on_the_way(self, age: timedelta, limit: int) -> Sequence[OrderId]:
        """Orders with a package that was shipped longer ago than this, and of which nothing bad was heard."""
        query = select(Package.order_id).where(*_long_on_the_way(age)).order_by(Package.shipped_at).limit(limit)
        return list(dict.fromkeys((await self._session.scalars(query)).all()))

    async def lock_free(self, order_id: OrderId) -> Order | None:
        """The order, unless somebody else works on it just now."""
        return await self._lock_if_free(Order.id == order_id)

    async def _lock_if_free(self, *which: ColumnElement[bool]) -> Order | None:
        return await self._session.scalar(
            select(Order)
            .where(*which)
            .with_for_update(key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )

    async def long_on_the_way_of(self, order_id: OrderId, age: timedelta) -> Sequence[Package]:
        query = select(Package).where(Package.order_id == order_id, *_long_on_the_way(age)).order_by(Package.id)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).all()

    async def packages(self, order_id: OrderId) -> Sequence[Package]:
        """As they are now; the order's row is locked by whoever means to change them."""
        query = select(Package).where(Package.order_id == order_id).order_by(Package.id)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).all()

    async def items_of(self, package_id: PackageId) -> Sequence[OrderItem]:
        query = select(OrderItem).where(OrderItem.package_id == package_id).order_by(OrderItem.id)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).all()

    async def ran_out(self, order_id: OrderId) -> bool:
        """Whether its last move was made by nobody, from PENDING: its hold was over, and it was not paid."""
        last = (
            select(OrderHistory)
            .where(OrderHistory.order_id == order_id, OrderHistory.package_id.is_(None))
            .order_by(OrderHistory.id.desc())
            .limit(1)
        )
        move = await self._session.scalar(last)
        return move is not None and (move.from_status, move.to_status, move.actor) == (
            OrderStatus.PENDING,
            OrderStatus.CANCELLED,
            Actor.SYSTEM,
        )

    async def mark_confirmed(self, order_id: OrderId) -> None:
        """Show the order's packages to their vendors."""
        await fetch(self._session, "UPDATE packages SET confirmed_at = now() WHERE order_id = $1", order_id)

    async def cancel_packages(self, order_id: OrderId, actor: Actor, user_id: UserId | None, reason: str) -> None:
        """All packages of an order that was never paid, each with its row of history."""
        cancelled = (
            update(Package)
            .where(Package.order_id == order_id, Package.status == PackageStatus.PENDING)
            .values(status=PackageStatus.CANCELLED)
            .returning(Package.id)
            .cte("cancelled")
        )
        why: dict[str, Any] = {
            "order_id": order_id,
            "from_status": PackageStatus.PENDING.value,
            "to_status": PackageStatus.CANCELLED.value,
            "actor": actor,
            "user_id": user_id,
            "reason": reason,
        }
        told = select(
            cancelled.c.id, *(literal(value, OrderHistory.__table__.c[name].type) for name, value in why.items())
        )
        await self._session.execute(insert(OrderHistory).from_select(["package_id", *why], told))

    async def move(self, order: Order, to: OrderStatus, actor: Actor, user_id: UserId | None, reason: str) -> None:
        """The order, with its row of history."""
        await fetch(self._session, _MOVE, order.id, order.status, to, actor, user_id, reason)
        set_committed_value(order, "status", to)

    async def tell(
        self, package: Package, before: PackageStatus, actor: Actor, user_id: UserId | None, reason: str
    ) -> None:
        """Write a package's move with its row of history."""
        await self._session.flush()
        await fetch(self._session, _TELL, package.order_id, package.id, before, package.status, actor, user_id, reason)


def _hold_is_over() -> tuple[ColumnElement[bool], ...]:
    return Order.status == OrderStatus.PENDING, Order.expires_at < func.now()


def _long_on_the_way(age: timedelta) -> tuple[ColumnElement[bool], ...]:
    late: ColumnElement[bool] = Package.shipped_at < func.now() - age
    return Package.status == PackageStatus.SHIPPED, late, Package.delivery_failed_at.is_(None)


def _conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(Order.status == wanted.status)
    if wanted.since is not None:
        conditions.append(Order.created_at >= datetime.combine(wanted.since, datetime.min.time(), COLOMBIA))
    if wanted.until is not None:
        after = wanted.until + timedelta(days=1)
        conditions.append(Order.created_at < datetime.combine(after, datetime.min.time(), COLOMBIA))
    if wanted.buyer_id is not None:
        conditions.append(Order.buyer_id == wanted.buyer_id)
    if wanted.vendor_id is not None:
        conditions.append(exists().where(Package.order_id == Order.id, Package.vendor_id == wanted.vendor_id))
    if wanted.order_number is not None:
        conditions.append(Order.order_number == wanted.order_number)
    return conditions
