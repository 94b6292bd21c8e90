"""What a gateway's answer does to an attempt and its order: the one place where money becomes a confirmed order.

Our own request, a webhook and the sweeper may all bring the same answer, in any order and at once. The order's row is
locked first, then the attempt's, and a move that the table of states does not allow changes nothing; so one answer has
one effect.
"""

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.failpoints import failpoint
from mestore.core.ids import PaymentId
from mestore.core.jobs import publish
from mestore.core.settings import Settings
from mestore.orders.models import Order
from mestore.orders.state_service import OrderStateService
from mestore.orders.states import OrderStatus
from mestore.payments.events import SlipIssued
from mestore.payments.fraud.suspicion import CardLook
from mestore.payments.gateways.base import Charge, Instructions
from mestore.payments.gateways.routes import TELLS_NO_RETURN
from mestore.payments.gateways.tries import held_against
from mestore.payments.models import CaseKind, Payment
from mestore.payments.refunds.unsettled import Unsettled, UnsettledMoney
from mestore.payments.refunds.voided import VoidedPayments
from mestore.payments.repository import InboxRepository, PaymentRepository, count_question
from mestore.payments.states import ASK_AGAIN, NEXT, OPEN, REFUNDABLE, PaymentStatus

log = structlog.get_logger(__name__)
_REVIEW_TAKES = timedelta(days=3)
_LOOKS_BACK = 30
"""Questions: a few until it was paid, and then one a week."""


class Settlement:
    def __init__(self, session: AsyncSession, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._inbox = InboxRepository(session)
        self._voided = VoidedPayments(session)
        self._unsettled = UnsettledMoney(session, settings)
        self._card_look = CardLook(session, settings.fraud)

    async def apply(self, payment: Payment, charge: Charge, source: str) -> Payment:
        """Record an answer about `payment` and do what follows from it, once. Gives the attempt as it is then."""
        order = await self._states.locked(payment.order_id)
        payment = await self._payments.locked(payment.id)
        ours, beside = held_against(charge, payment)
        await self._payments.note(payment.id, source, ours or charge)
        for other in beside:
            await self._open_case(CaseKind.SECOND_PAYMENT, payment, other)
        if ours is None:
            count_question(payment, _looks_back(payment, charge))
            await self._session.flush()
            return payment
        charge = ours
        failpoint("applying")
        payment.payment_url = payment.payment_url or charge.payment_url
        if charge.instructions is not None and payment.code is None:
            await self._take_code(order, payment, charge.instructions)
        if payment.gateway_transaction_id is None or charge.status is PaymentStatus.APPROVED:
            payment.gateway_transaction_id = charge.transaction_id
        await self._card_look.take(payment, charge.card)
        moves = charge.status in NEXT[payment.status]
        stays_open = (charge.status if moves else payment.status) in OPEN
        payment.form = (payment.form or charge.form) if stays_open else None
        # Said before the move, which writes the row: so it is written once. One that we gave up may wait there still.
        count_question(payment, _wait(payment) if stays_open or charge.status in OPEN else _looks_back(payment, charge))
        if moves:
            await self._move(order, payment, charge)
        await self._session.flush()
        return payment

    async def _take_code(self, order: Order, payment: Payment, told: Instructions) -> None:
        """Now there is a slip, its order is kept until it ends and a counter has had time to tell.

        A code that is another attempt's already is told to nobody: paid by it would be somebody else's order.
        """
        if await self._payments.code_is_taken(payment.gateway, told.code):
            log.error("payment_code_given_twice", payment_id=payment.id, gateway=payment.gateway)
            return
        payment.code, payment.barcode, payment.code_expires_at = told.code, told.barcode, told.expires_at
        if order.status is OrderStatus.PENDING:
            notice = timedelta(minutes=self._settings.orders.cash_notice_minutes)
            payment.expires_at = await self._states.keep_to(order, told.expires_at + notice)
        await publish(self._session, SlipIssued(payment.id))

    async def never_made(self, payment_id: PaymentId, order: Order) -> None:
        """The gateway does not know the reference after a long enough wait: the attempt counts as never made."""
        payment = await self._payments.locked(payment_id)
        if order.id == payment.order_id and payment.status is PaymentStatus.PROCESSING:
            payment.status, payment.failure = PaymentStatus.ERROR, "the gateway never received it"
        elif payment.status is PaymentStatus.PENDING and await self._payments.is_over(payment.id):
            # It was to be typed on the gateway's own page.
            payment.status, payment.failure = PaymentStatus.EXPIRED, "nobody paid in time"
        # A request that was stuck on its way may still arrive: it is asked about until the last interval is over.
        given_up = payment.status not in OPEN and payment.asks >= len(ASK_AGAIN)
        await self._payments.ask_again(payment, None if given_up else _wait(payment))

    async def _move(self, order: Order, payment: Payment, charge: Charge) -> None:
        if charge.status is PaymentStatus.APPROVED:
            await self._approve(order, payment, charge)
            return
        if payment.status in REFUNDABLE:
            if await self._voided.went_back(order, payment, charge):
                await self._open_case(CaseKind.VOIDED, payment, charge)
            return
        payment.status = charge.status
        if charge.status is not PaymentStatus.PENDING:
            payment.failure = charge.message

    async def _approve(self, order: Order, payment: Payment, charge: Charge) -> None:
        """Money has moved. It confirms the order, or a person is shown why it could not."""
        if (charge.amount, charge.currency) != (payment.amount, payment.currency):
            payment.status, payment.settles_order = PaymentStatus.ERROR, False
            payment.failure = "the gateway charged another amount"
            await self._open_case(CaseKind.MISMATCH, payment, charge)
            return
        settled = await self._payments.is_settled(order.id)
        payment.status, payment.failure, payment.settles_order = PaymentStatus.APPROVED, None, False
        failpoint("applying")
        if settled or not await self._take_in(order, payment, charge):
            late = not settled and order.status is OrderStatus.CANCELLED
            await self._open_case(CaseKind.LATE if late else CaseKind.SECOND_PAYMENT, payment, charge)
            await self._unsettled.open_for_unsettled(payment, Unsettled.LATE if late else Unsettled.SECOND)

    async def _take_in(self, order: Order, payment: Payment, charge: Charge) -> bool:
        """Whether the money pays its order: one that waits, or one whose hold ran out while its stock is still there.
        What is suspicious waits for a person in both.
        """
        waits = order.status is OrderStatus.PENDING
        if payment.fraud_score >= self._settings.fraud.review_from and (waits or await self._states.ran_out(order)):
            if waits:
                await self._states.keep_until(order, _REVIEW_TAKES)
            await self._open_case(CaseKind.FRAUD_REVIEW, payment, charge)
        elif waits:
            payment.settles_order = True
            await self._states.confirm(order, f"payment {payment.id} approved")
        elif not await self._states.revive(order, f"payment {payment.id} came late, and all of it was still in stock"):
            return False
        payment.settles_order = True
        return True

    async def _open_case(self, kind: CaseKind, payment: Payment, charge: Charge) -> None:
        await self._inbox.open_case(
            kind=kind,
            gateway=payment.gateway,
            gateway_transaction_id=charge.transaction_id,
            payment_id=payment.id,
            detail={
                "order_id": payment.order_id,
                "expected": str(payment.amount),
                "charged": str(charge.amount),
                "currency": charge.currency,
            },
        )


def _looks_back(payment: Payment, charge: Charge) -> timedelta | None:
    """What was paid may be taken back for half a year, and not every gateway tells of it."""
    paid = charge.status in REFUNDABLE and payment.gateway in TELLS_NO_RETURN
    return timedelta(weeks=1) if paid and payment.asks < _LOOKS_BACK else None


def _wait(payment: Payment) -> timedelta:
    """Until the next question about an attempt that its gateway still has open: the last interval comes again."""
    return ASK_AGAIN[min(payment.asks, len(ASK_AGAIN) - 1)]
