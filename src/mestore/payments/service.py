"""Paying an order: an attempt on record before any money can move, one gateway asked, and its answer settled."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from mestore.core.database import Session, checkpoint
from mestore.core.failpoints import failpoint
from mestore.core.ids import OrderId
from mestore.core.settings import Settings
from mestore.core.wiring import TheWorld
from mestore.orders.models import Order
from mestore.orders.service import OrderService, OrderStateService
from mestore.orders.states import OrderStatus
from mestore.payments.errors import GatewayAway, OrderNotPayable, PaymentInProgress
from mestore.payments.fraud import Facts, Verdict, judge
from mestore.payments.gateways.base import Attempt, Gateway, NotCharged, OutcomeUnknown, Refused
from mestore.payments.gateways.wompi import WompiGateway
from mestore.payments.models import Payment
from mestore.payments.repository import PaymentRepository
from mestore.payments.schemas import PayByBancolombia, PayByCard, PayByNequi, PayByPse
from mestore.payments.settlement import ASK_AGAIN, Settlement
from mestore.payments.states import PaymentMethod, PaymentStatus
from mestore.users.models import User

log = structlog.get_logger(__name__)
Wanted = PayByPse | PayByCard | PayByNequi | PayByBancolombia
_VELOCITY_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class OrderPaymentsView:
    order_id: OrderId
    order_status: OrderStatus
    payments: Sequence[Payment]


class PaymentService:
    def __init__(self, session: Session, world: TheWorld) -> None:
        self._session = session
        self._world = world
        self._settings: Settings = world.settings
        self._orders = OrderService(session, world.settings, world.now)
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._settlement = Settlement(session, world.settings)

    async def process(self, buyer: User, wanted: Wanted, *, resumed: bool) -> Payment:
        """Try to pay an order of the buyer. The attempt that comes back may be PROCESSING: its outcome is not known
        yet.

        `resumed` says that an earlier run of this very request died on its way: what it began is continued, never
        repeated.

        Raises:
            OrderNotFound: absent, or somebody else's.
            OrderNotPayable: it is paid, cancelled, or its hold is over.
            PaymentInProgress: another attempt has no final answer yet.
            GatewayAway: surely nothing was charged; the attempt is on record as failed.
        """
        order = await self._orders.locked_of_buyer(buyer.id, OrderId(wanted.order_id))
        if resumed and (begun := await self._payments.of_order(order.id)):
            return await self._continue(begun[-1])
        if order.status is not OrderStatus.PENDING or await self._states.hold_is_over(order.id):
            raise OrderNotPayable(order.status)
        if (other := await self._payments.open_of_order(order.id)) is not None:
            raise PaymentInProgress(other.id)
        method = PaymentMethod(wanted.payment_method)
        gateway = gateway_for(method, self._world)
        payment = await self._record(buyer, order, method, gateway.name, wanted.return_url)
        if payment.status is PaymentStatus.DECLINED:
            return payment
        await checkpoint(self._session)
        failpoint("after_payment_row")
        return await self._start(gateway, payment, self._attempt(buyer, order, payment, wanted))

    async def status_of_order(self, buyer: User, order_id: OrderId) -> OrderPaymentsView:
        order = await self._orders.of_buyer(buyer.id, order_id)
        return OrderPaymentsView(order.id, order.status, await self._payments.of_order(order.id))

    async def _record(
        self, buyer: User, order: Order, method: PaymentMethod, gateway: str, return_url: str | None
    ) -> Payment:
        """The attempt and its reference, before any call; one that looks like fraud ends here."""
        verdict = await self._judge(buyer, order)
        suspicious = verdict.score >= self._settings.fraud.decline_from
        await self._states.keep_until(order, _hold(method, self._settings))
        order = await self._states.locked(order.id)
        payment = Payment(
            order_id=order.id,
            buyer_id=buyer.id,
            gateway=gateway,
            method=method,
            reference=f"{order.order_number}-{secrets.token_hex(4)}",
            amount=order.total_amount,
            status=PaymentStatus.DECLINED if suspicious else PaymentStatus.PROCESSING,
            return_url=return_url,
            fraud_score=verdict.score,
            fraud_reasons=verdict.reasons,
            failure="declined by the fraud rules" if suspicious else None,
            expires_at=order.expires_at,
        )
        await self._payments.add(payment)
        if not suspicious:
            await self._payments.ask_again(payment, ASK_AGAIN[0])
        return payment

    async def _judge(self, buyer: User, order: Order) -> Verdict:
        attempts, declines, largest = await self._payments.velocity(buyer.id, _VELOCITY_WINDOW)
        return judge(
            Facts(
                amount=order.total_amount,
                largest_paid_before=largest,
                account_age=self._world.now() - buyer.created_at,
                email_verified=buyer.email_verified,
                attempts=attempts,
                declines=declines,
            )
        )

    def _attempt(self, buyer: User, order: Order, payment: Payment, wanted: Wanted) -> Attempt:
        return Attempt(
            reference=payment.reference,
            amount=payment.amount,
            method=payment.method,
            description=f"Pedido {order.order_number}",
            customer_email=buyer.email,
            customer_name=buyer.full_name,
            customer_phone=buyer.phone,
            return_url=wanted.return_url or self._settings.payments.return_url,
            details=wanted.payment_data.model_dump(),
        )

    async def _start(self, gateway: Gateway, payment: Payment, attempt: Attempt) -> Payment:
        try:
            charge = await gateway.start(attempt)
        except OutcomeUnknown as error:
            log.warning("payment_outcome_unknown", payment_id=payment.id, gateway=gateway.name, reason=str(error))
            return payment
        except Refused as error:
            return await self._fail(payment, str(error))
        except NotCharged as error:
            await self._fail(payment, str(error))
            await checkpoint(self._session)
            raise GatewayAway from error
        failpoint("after_gateway_answer")
        settled = await self._settlement.apply(payment, charge, "start")
        log.info("payment_started", payment_id=payment.id, gateway=gateway.name, status=settled.status)
        return settled

    async def _fail(self, payment: Payment, reason: str) -> Payment:
        """Surely nothing was charged: the order can be paid in another way at once."""
        log.warning("payment_not_made", payment_id=payment.id, gateway=payment.gateway, reason=reason)
        await self._states.locked(payment.order_id)
        payment = await self._payments.locked(payment.id)
        if payment.status is PaymentStatus.PROCESSING:
            payment.status, payment.failure = PaymentStatus.ERROR, reason
            await self._payments.ask_again(payment, None)
        return payment

    async def _continue(self, payment: Payment) -> Payment:
        """What became of an attempt whose process died: the gateway is asked by our reference."""
        gateway = gateway_for(payment.method, self._world)
        await checkpoint(self._session)
        try:
            charge = await gateway.find(payment.reference)
        except OutcomeUnknown:
            return payment
        return payment if charge is None else await self._settlement.apply(payment, charge, "start")


def gateway_for(method: PaymentMethod, world: TheWorld) -> Gateway:
    """The gateway that a method of paying goes to. Wompi is the only one so far and takes all four."""
    assert method in PaymentMethod
    return WompiGateway(world.http, world.settings.wompi)


def gateway_named(name: str, world: TheWorld) -> Gateway:
    """The gateway that an attempt or announcement on record belongs to."""
    return {WompiGateway.name: WompiGateway(world.http, world.settings.wompi)}[name]


def _hold(method: PaymentMethod, settings: Settings) -> timedelta:
    minutes = settings.orders.card_hold_minutes if method is PaymentMethod.CARD else settings.orders.pse_hold_minutes
    return timedelta(minutes=minutes)
