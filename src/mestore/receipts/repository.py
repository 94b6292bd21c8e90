"""The query of a receipt."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from mestore.core.ids import OrderId, UserId
from mestore.orders.errors import OrderNotFound
from mestore.orders.models import Order
from mestore.users.models import User


class ReceiptRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def order(self, order_id: OrderId, buyer_id: UserId | None) -> tuple[Order, str]:
        """An order with its items, packages and history, and its buyer's name; only of this buyer, if one is named.

        Raises:
            OrderNotFound: there is none, or it is somebody else's.
        """
        wanted = select(Order, User.full_name).join(User, User.id == Order.buyer_id).where(Order.id == order_id)
        if buyer_id is not None:
            wanted = wanted.where(Order.buyer_id == buyer_id)
        whole = (selectinload(Order.items), selectinload(Order.packages), selectinload(Order.history))
        found = (await self._session.execute(wanted.options(*whole))).one_or_none()
        if found is None:
            raise OrderNotFound
        order, buyer_name = found
        return order, buyer_name
