"""Money that a gateway sends back, each refund once.

A refund is PROCESSING on record before its gateway is called. No answer leaves it so, and it is asked about at growing
intervals; it is sent again, at growing intervals too, only when the gateway, asked long enough after, knows of none.
What the gateway will not send, or never has however often it is sent, a person pays out: MANUAL, with a case.
"""

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import checkpoint
from mestore.core.failpoints import failpoint
from mestore.core.ids import RefundId
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor
from mestore.payments.gateways.base import (
    Gateway,
    GatewayError,
    NotCharged,
    OutcomeUnknown,
    RefundAnswer,
    RefundWish,
    Refused,
)
from mestore.payments.gateways.routes import gateway_named, gateways
from mestore.payments.models import Payment, Refund
from mestore.payments.refunds.made import RefundsMade
from mestore.payments.refunds.repository import RefundRepository
from mestore.payments.repository import PaymentRepository
from mestore.payments.states import ASK_AGAIN, REFUNDABLE, RefundStatus

log = structlog.get_logger(__name__)
_UNANSWERED = "its gateway has not said for days what became of it"


class RefundSending:
    def __init__(self, session: AsyncSession, world: World) -> None:
        self._session = session
        self._world = world
        self._grace = timedelta(seconds=world.settings.payments.not_found_grace_seconds)
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._refunds = RefundRepository(session)
        self._made = RefundsMade(session)

    async def send(self, refund_id: RefundId) -> None:
        """Have a REQUESTED refund sent. Any other is left as it is: it was sent, or another worker sends it."""
        _, payment, refund = await self._locked(refund_id)
        if refund.status is not RefundStatus.REQUESTED:
            return
        gateway = gateways(self._world).get(payment.gateway)
        obstacle = "not in use" if gateway is None else await self._obstacle(gateway, payment, refund)
        if gateway is None or obstacle is not None:
            await self._pay_out(payment, refund, f"{payment.gateway}: {obstacle}")
            return
        if await self._refunds.approved_within(payment.id, gateway.refunds_after):
            await self._refunds.put_off(refund.id, refund.status, gateway.refunds_after)
            return
        await self._refunds.mark_sent(refund.id, ASK_AGAIN[0])
        await checkpoint(self._session)
        failpoint("after_refund_row")
        await self._call(gateway, refund, _wish(payment, refund))

    async def ask(self, refund: Refund) -> None:
        """What became of a PROCESSING refund."""
        payment = await self._refunds.payment(refund.payment_id)
        assert payment is not None, "a refund is of a payment"
        await checkpoint(self._session)
        answer = await self._told(payment, refund)
        order, payment, refund = await self._locked(refund.id)
        if refund.status is not RefundStatus.PROCESSING:
            return
        if answer is not None:
            await self._take(order, payment, refund, answer)
        elif refund.gateway_number is None and await self._refunds.sent_before(refund.id, self._grace):
            log.warning("refund_never_arrived", refund_id=refund.id, gateway=payment.gateway, sends=refund.sends)
            if refund.sends >= len(ASK_AGAIN):
                why = f"{payment.gateway} knows of none, though it was sent {refund.sends} times"
                await self._pay_out(payment, refund, why)
            else:
                await self._refunds.request_again(refund.id, refund.asks, _interval(refund.sends - 1))
            return
        await self._ask_again(payment, refund)

    async def _told(self, payment: Payment, refund: Refund) -> RefundAnswer | None:
        try:
            return await gateway_named(payment.gateway, self._world).find_refund(_wish(payment, refund))
        except GatewayError as error:
            log.warning("refund_unanswered", refund_id=refund.id, gateway=payment.gateway, reason=str(error))
            return RefundAnswer(RefundStatus.PROCESSING, None)

    async def _call(self, gateway: Gateway, refund: Refund, wish: RefundWish) -> None:
        tried = refund.asks
        try:
            answer = await gateway.refund(wish)
        except OutcomeUnknown as error:
            log.warning("refund_outcome_unknown", refund_id=refund.id, gateway=gateway.name, reason=str(error))
            return
        except NotCharged as error:
            log.warning("refund_not_sent", refund_id=refund.id, gateway=gateway.name, reason=str(error))
            await self._locked(refund.id)
            await self._refunds.request_again(refund.id, tried + 1, _interval(tried))
            return
        except Refused as error:
            _, payment, refund = await self._locked(refund.id)
            await self._pay_out(payment, refund, str(error))
            return
        failpoint("after_refund_answer")
        order, payment, refund = await self._locked(refund.id)
        if refund.status is RefundStatus.PROCESSING:
            await self._take(order, payment, refund, answer)

    async def _obstacle(self, gateway: Gateway, payment: Payment, refund: Refund) -> str | None:
        """Why this gateway does not send this money; None when it may."""
        if payment.status not in REFUNDABLE:
            return f"the payment is {payment.status}"
        if payment.method not in gateway.refundable or payment.gateway_transaction_id is None:
            return "what was paid in this way it can't send back"
        if gateway.refunds_once and await self._refunds.others_were_sent(refund):
            return "it takes one refund of a payment"
        return None

    async def _take(self, order: Order, payment: Payment, refund: Refund, answer: RefundAnswer) -> None:
        if answer.status is RefundStatus.MADE:
            reference = answer.reference or refund.gateway_number or _reference(refund)
            if await self._refunds.make(refund.id, (RefundStatus.PROCESSING,), reference, None):
                by = By(Actor.SYSTEM, None, f"refund {refund.id} was sent by {payment.gateway}")
                await self._made.follow(order, payment, refund, by)
        elif answer.status is RefundStatus.FAILED:
            await self._pay_out(payment, refund, f"{payment.gateway} did not send it")
        elif answer.reference is not None:
            await self._refunds.take(refund.id, answer.reference)

    async def _pay_out(self, payment: Payment, refund: Refund, why: str) -> None:
        if await self._refunds.pay_out(refund.id, why):
            await self._made.show(refund.cause, payment, why, **_about(refund))

    async def _ask_again(self, payment: Payment, refund: Refund) -> None:
        if refund.asks + 1 >= len(ASK_AGAIN) and (await self._refunds.get(refund.id)).status is RefundStatus.PROCESSING:
            await self._made.show(refund.cause, payment, _UNANSWERED, **_about(refund))
        await self._refunds.put_off(refund.id, RefundStatus.PROCESSING, _interval(refund.asks + 1))

    async def _locked(self, refund_id: RefundId) -> tuple[Order, Payment, Refund]:
        """The refund as it is once the rows of its order and of its payment are held."""
        found = await self._refunds.get(refund_id)
        order = await self._states.locked(found.order_id)
        payment = await self._payments.locked(found.payment_id)
        return order, payment, await self._refunds.get(refund_id)


def _reference(refund: Refund) -> str:
    return f"refund-{refund.id}"


def _wish(payment: Payment, refund: Refund) -> RefundWish:
    return RefundWish(
        reference=_reference(refund),
        transaction_id=payment.gateway_transaction_id or payment.reference,
        amount=refund.amount,
        paid=payment.amount,
        reason=refund.reason,
    )


def _about(refund: Refund) -> dict[str, str | int | None]:
    return {
        "order_id": refund.order_id,
        "package_id": refund.package_id,
        "refund_id": refund.id,
        "amount": str(refund.amount),
    }


def _interval(asks: int) -> timedelta:
    return ASK_AGAIN[min(asks, len(ASK_AGAIN) - 1)]
