"""The query of a slip."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import PaymentId, UserId
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.errors import PaymentNotFound
from mestore.payments.models import Payment


@dataclass(frozen=True)
class FoundSlip:
    """An attempt to pay, and what of its order and its time decides about its slip."""

    payment: Payment
    order_number: str
    order_status: OrderStatus
    is_over: bool
    """Whether its code's time has passed, by PostgreSQL's clock."""


class SlipRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def payment(self, payment_id: PaymentId, buyer_id: UserId | None) -> FoundSlip:
        """An attempt to pay with its order; only of this buyer, if one is named.

        Raises:
            PaymentNotFound: there is none, or it is somebody else's.
        """
        over = func.coalesce(Payment.code_expires_at <= func.now(), False)
        wanted = select(Payment, Order.order_number, Order.status, over).join(Order, Order.id == Payment.order_id)
        wanted = wanted.where(Payment.id == payment_id)
        if buyer_id is not None:
            wanted = wanted.where(Payment.buyer_id == buyer_id)
        found = (await self._session.execute(wanted)).one_or_none()
        if found is None:
            raise PaymentNotFound
        return FoundSlip(*found)
