"""Payments under a person's eyes: all of them, and those that the rules of fraud hold until somebody decides.

A review is a case of kind FRAUD_REVIEW; deciding closes it, once. The order is locked first, then the payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from mestore.core.database import Session
from mestore.core.ids import PaymentId
from mestore.core.paging import Slice
from mestore.core.wiring import CurrentSettings
from mestore.orders.models import Order
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor, OrderStatus
from mestore.payments.cases.repository import CaseRepository
from mestore.payments.errors import OrderNotConfirmable, PaymentNotUnderReview
from mestore.payments.models import CaseResolution, Payment, PaymentCase, PaymentEvent
from mestore.payments.refunds.unsettled import Unsettled, UnsettledMoney
from mestore.payments.repository import PaymentRepository
from mestore.payments.review.repository import PaymentFilter, ReviewRepository
from mestore.payments.states import REFUNDABLE, PaymentStatus
from mestore.users.models import User

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PaymentView:
    """A payment with all that is known of it."""

    payment: Payment
    order_status: OrderStatus
    events: Sequence[PaymentEvent]
    cases: Sequence[PaymentCase]


class ReviewService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._session = session
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._review = ReviewRepository(session)
        self._cases = CaseRepository(session)
        self._unsettled = UnsettledMoney(session, settings)

    async def page(self, wanted: PaymentFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[Payment]:
        """The newest first.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        return await self._review.page(wanted, limit, cursor, count=count)

    async def see(self, payment_id: PaymentId) -> PaymentView:
        """Raises:
        PaymentNotFound: there is none such.
        """
        payment = await self._review.get(payment_id)
        return await self._view(payment, await self._review.status_of_order(payment.order_id))

    async def approve(self, admin: User, payment_id: PaymentId) -> PaymentView:
        """The money is good: its order is confirmed. Said again, nothing changes.

        Raises:
            PaymentNotFound: there is none such.
            PaymentNotUnderReview: it never was, was rejected, or its gateway took the money back.
            OrderNotConfirmable: somebody cancelled the order, or its hold ran out and the stock is gone.
        """
        order, payment = await self._locked(payment_id)
        if await self._decided(admin, payment, CaseResolution.APPROVED, None):
            if payment.status is not PaymentStatus.APPROVED:
                raise PaymentNotUnderReview(payment.status)
            reason = f"payment {payment.id} was reviewed and approved"
            if order.status is OrderStatus.PENDING:
                await self._states.confirm(order, reason)
            elif not await self._states.revive(order, reason):
                raise OrderNotConfirmable(order.status)
        return await self._view(payment, order.status)

    async def reject(self, admin: User, payment_id: PaymentId, reason: str) -> PaymentView:
        """The money is not wanted: its order is cancelled, and all of it is owed back. Said again, nothing changes.

        The payment stays APPROVED until the money was sent.

        Raises:
            PaymentNotFound: there is none such.
            PaymentNotUnderReview: it never was, or was approved.
        """
        order, payment = await self._locked(payment_id)
        if await self._decided(admin, payment, CaseResolution.REJECTED, reason):
            if payment.status not in REFUNDABLE:
                # Its gateway took the money back meanwhile: the order may be paid in another way, or is already.
                return await self._view(payment, order.status)
            await self._states.cancel(order, By(Actor.ADMIN, admin.id, f"payment {payment.id} was rejected"))
            payment.settles_order = False
            await self._session.flush()
            await self._unsettled.open_for_unsettled(payment, Unsettled.REJECTED)
        return await self._view(payment, order.status)

    async def _locked(self, payment_id: PaymentId) -> tuple[Order, Payment]:
        payment = await self._review.get(payment_id)
        return await self._states.locked(payment.order_id), await self._payments.locked(payment_id)

    async def _decided(self, admin: User, payment: Payment, how: CaseResolution, note: str | None) -> bool:
        """Whether it is this call that ends the review; false when it ended just so before."""
        case = await self._cases.review_of(payment.id)
        if case is None:
            raise PaymentNotUnderReview(payment.status)
        if await self._cases.close(case.id, how, admin.id, note):
            log.info("payment_reviewed", payment_id=payment.id, resolution=how.value, by=str(admin.id))
            return True
        if case.resolution is not how:
            raise PaymentNotUnderReview(payment.status)
        return False

    async def _view(self, payment: Payment, status: OrderStatus) -> PaymentView:
        return PaymentView(payment, status, await self._review.events(payment.id), await self._review.cases(payment.id))
