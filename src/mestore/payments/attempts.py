"""What is put on record of an attempt before any gateway is called, and what the gateway is told of it."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.columns import from_now
from mestore.core.ids import OrderId
from mestore.core.world import World
from mestore.orders.service import OrderService
from mestore.orders.state_service import OrderStateService
from mestore.orders.states import OrderStatus
from mestore.payments.errors import OrderNotPayable, PaymentInProgress, TooManySlips
from mestore.payments.fraud.suspicion import Suspicion
from mestore.payments.fraud.traces import Payer
from mestore.payments.gateways.base import Attempt, Device
from mestore.payments.gateways.efecty import slip_end
from mestore.payments.models import Payment
from mestore.payments.repository import PaymentRepository
from mestore.payments.schemas import PayByBancolombia, PayByCard, PayByEfecty, PayByNequi, PayByPse
from mestore.payments.states import ASK_AGAIN, PaymentMethod, PaymentStatus
from mestore.users.models import User

Wanted = PayByPse | PayByCard | PayByNequi | PayByBancolombia | PayByEfecty


class Attempts:
    def __init__(self, session: AsyncSession, world: World) -> None:
        self._settings = world.settings
        self._world = world
        self._orders = OrderService(session, world.settings, world.now)
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._suspicion = Suspicion(session, world.settings, world.now)

    async def record(self, buyer: User, wanted: Wanted, gateway: str, device: Device | None) -> Payment:
        """A new attempt with a reference of its own; one that looks like fraud ends here, DECLINED.

        The order's row is held until the transaction ends, and its stock at least until the attempt can be paid.

        Raises:
            OrderNotFound: absent, or somebody else's.
            OrderNotPayable: it is paid, cancelled, or its hold is over.
            PaymentInProgress: another attempt has no final answer yet, or is paid and under review.
            TooManySlips: the buyer has as many open as one may have.
        """
        order = await self._orders.locked_of_buyer(buyer.id, OrderId(wanted.order_id))
        method = PaymentMethod(wanted.payment_method)
        hold = self._hold(method)
        if order.status is not OrderStatus.PENDING or not await self._states.keep_payable(order, hold):
            raise OrderNotPayable(order.status)
        if (other := await self._payments.in_the_way(order.id)) is not None:
            raise PaymentInProgress(other)
        if method is PaymentMethod.EFECTY:
            slips = await self._payments.open_slips(buyer.id)
            if slips >= self._settings.payments.open_slips:
                raise TooManySlips(slips)
        payer = payer_of(wanted, device)
        verdict = await self._suspicion.judge(buyer, order, payer)
        suspicious = verdict.score >= self._settings.fraud.decline_from
        payment = Payment(
            order_id=order.id,
            buyer_id=buyer.id,
            gateway=gateway,
            method=method,
            reference=f"{order.order_number}-{secrets.token_hex(4)}",
            amount=order.total_amount,
            status=PaymentStatus.DECLINED if suspicious else PaymentStatus.PROCESSING,
            return_url=wanted.return_url,
            fraud_score=verdict.score,
            fraud_reasons=verdict.reasons,
            failure="declined by the fraud rules" if suspicious else None,
            expires_at=order.expires_at,
            asks=0 if suspicious else 1,
            ask_after=None if suspicious else from_now(ASK_AGAIN[0]),
            **self._suspicion.keys(payer),
        )
        await self._payments.add(payment)
        return payment

    async def told(self, buyer: User, payment: Payment, wanted: Wanted, device: Device | None) -> Attempt:
        """What a gateway must know of it."""
        order = await self._payments.described(payment.order_id)
        return Attempt(
            reference=payment.reference,
            amount=payment.amount,
            method=payment.method,
            description=f"Pedido {order.order_number}",
            customer_email=buyer.email,
            customer_name=buyer.full_name,
            customer_phone=buyer.phone,
            return_url=wanted.return_url or self._settings.payments.return_url,
            details=wanted.payment_data.model_dump(exclude_none=True),
            iva=order.iva,
            iva_base=order.iva_base,
            device=device,
            expires_at=self._until(payment),
            notice=self._notice(payment.method),
        )

    def _notice(self, method: PaymentMethod) -> timedelta:
        return timedelta(minutes=self._settings.orders.cash_notice_minutes if method is PaymentMethod.EFECTY else 0)

    def _until(self, payment: Payment) -> datetime:
        """A slip lives for days; its order is kept so long once there is a slip."""
        if payment.method is not PaymentMethod.EFECTY:
            return payment.expires_at
        return slip_end(self._world.now(), self._settings.efecty) + self._notice(payment.method)

    def _hold(self, method: PaymentMethod) -> timedelta:
        """How long the stock is kept at least for an attempt by this method, before anything is known of it."""
        orders = self._settings.orders
        return timedelta(minutes=orders.card_hold_minutes if method is PaymentMethod.CARD else orders.pse_hold_minutes)


def payer_of(wanted: Wanted, device: Device | None) -> Payer:
    """Who pays, as the request tells."""
    match wanted:
        case PayByPse() | PayByEfecty():
            data = wanted.payment_data
            return Payer(document_type=data.document_type, document_number=data.document_number, device=device)
        case PayByCard():
            return Payer(card_token=wanted.payment_data.token, device=device)
        case PayByNequi():
            return Payer(phone=wanted.payment_data.phone, device=device)
        case PayByBancolombia():
            return Payer(device=device)
