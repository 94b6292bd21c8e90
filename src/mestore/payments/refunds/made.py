"""What follows when money that was owed back is with the buyer, and what a person is shown when it can't be."""

from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.jobs import publish
from mestore.orders.events import RefundMade
from mestore.orders.models import Order
from mestore.orders.state_service import By, OrderStateService
from mestore.payments.models import CaseKind, Payment, Refund
from mestore.payments.refunds.repository import RefundRepository
from mestore.payments.repository import InboxRepository
from mestore.payments.states import NEXT, PaymentStatus

log = structlog.get_logger(__name__)


class RefundsMade:
    """The rows of the order and of the payment are held by who calls."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._states = OrderStateService(session)
        self._refunds = RefundRepository(session)
        self._inbox = InboxRepository(session)

    async def follow(self, order: Order, payment: Payment, refund: Refund, by: By) -> None:
        """A refund was MADE just now: the payment is PARTIALLY_REFUNDED, or REFUNDED with the last of it; then an order
        of which nothing is left is closed. Whom it concerns is told.
        """
        all_of_it = await self._refunds.sum_of(payment.id, made=True) == payment.amount
        reached = PaymentStatus.REFUNDED if all_of_it else PaymentStatus.PARTIALLY_REFUNDED
        if reached in NEXT[payment.status]:
            payment.status = reached
            await self._session.flush()
        if all_of_it and payment.settles_order:
            await self._states.close_refunded(order, by)
        await publish(self._session, RefundMade(order.id, refund.package_id, refund.cause, str(refund.amount)))
        log.info("refund_made", refund_id=refund.id, by=by.actor)

    async def show(self, cause: str, payment: Payment | None, why: str, **detail: Any) -> None:
        """A case for a person, once for each cause."""
        log.warning("refund_needs_a_person", cause=cause, reason=why, **detail)
        await self._inbox.open_case(
            kind=CaseKind.REFUND,
            gateway=payment.gateway if payment else "none",
            gateway_transaction_id=cause,
            payment_id=payment.id if payment else None,
            detail={**detail, "reason": why},
        )
