"""Every query about orders."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from mestore.core.database import Base
from mestore.core.ids import OrderId, UserId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.errors import OrderNotFound
from mestore.orders.models import Order, OrderHistory, Package
from mestore.orders.states import OrderStatus


def from_now(wait: timedelta) -> ColumnElement[datetime]:
    """A moment by PostgreSQL's clock, which all machines share."""
    moment: ColumnElement[datetime] = func.now() + wait
    return moment


class OrderRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_buyer(self, buyer_id: UserId, order_id: OrderId) -> Order:
        """Someone else's order is as absent as one that never existed."""
        order = await self._session.scalar(
            select(Order)
            .where(Order.id == order_id, Order.buyer_id == buyer_id)
            .options(selectinload(Order.items), selectinload(Order.packages), selectinload(Order.history))
            .execution_options(populate_existing=True)
        )
        if order is None:
            raise OrderNotFound
        return order

    async def page_of_buyer(self, buyer_id: UserId, limit: int, cursor: str | None, *, count: bool) -> Slice[Order]:
        query = select(Order).where(Order.buyer_id == buyer_id)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Order.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Order.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda order: (order.id,), total)

    async def locked(self, order_id: OrderId) -> Order:
        """The order with its row held until the transaction ends: taken before its payments and its stock."""
        order = await self._session.scalar(
            select(Order)
            .where(Order.id == order_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        if order is None:
            raise OrderNotFound
        return order

    async def prolong(self, order_id: OrderId, wait: timedelta) -> None:
        await self._session.execute(
            update(Order).where(Order.id == order_id).values(expires_at=func.greatest(Order.expires_at, from_now(wait)))
        )

    async def hold_is_over(self, order_id: OrderId) -> bool:
        over = await self._session.scalar(select(Order.id).where(Order.id == order_id, Order.expires_at < func.now()))
        return over is not None

    async def packages(self, order_id: OrderId) -> Sequence[Package]:
        return (
            await self._session.scalars(select(Package).where(Package.order_id == order_id).order_by(Package.id))
        ).all()

    async def one_expired(self) -> Order | None:
        """An unpaid order whose hold is over, locked; one that somebody else works on is left to them."""
        return await self._session.scalar(
            select(Order)
            .where(Order.status == OrderStatus.PENDING, Order.expires_at < func.now())
            .order_by(Order.expires_at)
            .limit(1)
            .with_for_update(key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )

    async def add(self, row: Order | OrderHistory) -> None:
        self._session.add(row)
        await self._session.flush()

    async def add_all(self, rows: Sequence[Base]) -> None:
        self._session.add_all(rows)
        await self._session.flush()
