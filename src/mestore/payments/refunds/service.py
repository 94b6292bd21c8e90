"""Money that goes back: a refund for each cause, never more in sum than was paid, and each sent once.

The order's row is locked first, then the payment's, then the refund's: what is opened and what is sent at the same time
go one after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from mestore.core.clock import COLOMBIA
from mestore.core.database import Session
from mestore.core.ids import OrderId, PackageId, RefundId
from mestore.core.jobs import publish
from mestore.core.money import ZERO, Money
from mestore.core.paging import Slice
from mestore.core.wiring import Clock, CurrentSettings
from mestore.core.working_days import end_of
from mestore.orders.events import RefundDue, RefundMade
from mestore.orders.models import Order
from mestore.orders.service import OrderService
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor
from mestore.payments.errors import NothingToPayOut, PaymentNotRefundable, RefundBeyondPayment, RefundNotOpen
from mestore.payments.events import RefundRequested
from mestore.payments.gateways.routes import REFUNDABLE_BY
from mestore.payments.models import Payment, Refund
from mestore.payments.refunds.made import RefundsMade
from mestore.payments.refunds.repository import RefundFilter, RefundRepository
from mestore.payments.repository import PaymentRepository
from mestore.payments.states import ASK_AGAIN, REFUNDABLE, TO_BE_PAID_OUT, PaymentStatus, RefundStatus
from mestore.users.models import User

log = structlog.get_logger(__name__)
_REASONS = {
    "cancelled": "Se canceló el paquete",
    "came-back": "El paquete no se pudo entregar y volvió a la tienda",
    "return": "Devolviste productos (retracto)",
}


@dataclass(frozen=True)
class OrderRefunds:
    order_id: OrderId
    refunds: Sequence[Refund]


class RefundService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._now = now
        self._settings = settings.orders
        self._states = OrderStateService(session)
        self._orders = OrderService(session, settings, now)
        self._payments = PaymentRepository(session)
        self._refunds = RefundRepository(session)
        self._made = RefundsMade(session)

    async def open(self, due: RefundDue) -> None:
        """Put what is owed back on record, once for its cause; what no payment holds is shown as a case.

        Of a package never more goes back than was paid for it: what an administrator paid back of it before counts.
        """
        order = await self._states.locked(due.order_id)
        payment = await self._refunds.lock_settling(order.id)
        if await self._refunds.is_open(due.cause):
            return
        if payment is None:
            await self._show(due, None, "no payment settled the order")
            return
        amount = min(Money(due.amount), await self._left_of(order, due.package_id))
        if not amount and await self._was_paid_back(order, payment, due):
            return
        if not amount or await self._refunds.sum_of(payment.id, made=False) + amount > payment.amount:
            await self._show(due, payment, "more than was paid")
            return
        await self.add(payment, due.package_id, due.cause, amount, reason=_reason(due.cause), due_at=due.due_at)

    async def add(
        self,
        payment: Payment,
        package_id: PackageId | None,
        cause: str,
        amount: Money,
        *,
        due_at: datetime | None = None,
        **more: Any,
    ) -> RefundId | None:
        """A refund of this amount on record, sent by its gateway where it can. The payment's row is held.

        None where the cause has one already.
        """
        by_gateway = payment.method in REFUNDABLE_BY.get(payment.gateway, frozenset())
        added = await self._refunds.add_once(
            payment_id=payment.id,
            order_id=payment.order_id,
            package_id=package_id,
            cause=cause,
            amount=amount,
            status=RefundStatus.REQUESTED if by_gateway else RefundStatus.MANUAL,
            due_at=due_at or self._due_at(),
            **more,
        )
        if added is not None and by_gateway:
            await publish(self._session, RefundRequested(added))
        return added

    async def complete(self, admin: User, refund_id: RefundId, reference: str) -> Refund:
        """Say that the money was sent, under the bank's number. Said again with the same number, nothing changes.

        The payment is PARTIALLY_REFUNDED, or REFUNDED with the last of it; then an order of which nothing is left is
        closed.

        Raises:
            RefundNotFound: there is none such.
            RefundNotOpen: it was sent under another number, or its gateway is sending it and not silent for days.
            PaymentNotRefundable: the payment went back otherwise.
            RefundBeyondPayment: others took its place meanwhile.
        """
        refund = await self._refunds.get(refund_id)
        order = await self._states.locked(refund.order_id)
        payment = await self._payments.locked(refund.payment_id)
        refund = await self._refunds.get(refund_id)
        if refund.status is RefundStatus.MADE and refund.reference == reference:
            return refund
        if refund.status is not RefundStatus.MADE and payment.status not in REFUNDABLE:
            raise PaymentNotRefundable(payment.status)
        if refund.status is RefundStatus.FAILED and await self._is_beyond(order, payment, refund):
            raise RefundBeyondPayment
        before = {*TO_BE_PAID_OUT, RefundStatus.PROCESSING} if _is_unanswered(refund) else TO_BE_PAID_OUT
        if not await self._refunds.make(refund_id, before, reference, admin.id):
            raise RefundNotOpen(refund.status)
        made = await self._refunds.get(refund_id)
        await self._made.follow(order, payment, made, By(Actor.ADMIN, admin.id, f"refund {made.id} was sent"))
        return made

    async def take_over(self, admin: User, refund_id: RefundId, reason: str) -> Refund:
        """Say that its gateway did not send it, which a person found out where the gateway itself was silent for days:
        it is MANUAL, and no longer asked about. Of one that is MANUAL already nothing changes.

        Raises:
            RefundNotFound: there is none such.
            RefundNotOpen: it was sent, or its gateway may still say what became of it.
        """
        refund = await self._refunds.get(refund_id)
        await self._states.locked(refund.order_id)
        await self._payments.locked(refund.payment_id)
        refund = await self._refunds.get(refund_id)
        if refund.status is RefundStatus.MANUAL:
            return refund
        if not _is_unanswered(refund) or not await self._refunds.pay_out(refund_id, reason):
            raise RefundNotOpen(refund.status)
        log.info("refund_taken_over", refund_id=refund_id, by=str(admin.id))
        return await self._refunds.get(refund_id)

    async def get(self, refund_id: RefundId) -> Refund:
        """Raises:
        RefundNotFound: there is none such.
        """
        return await self._refunds.get(refund_id)

    async def page(
        self,
        status: RefundStatus | None,
        order_id: OrderId | None,
        limit: int,
        cursor: str | None,
        *,
        overdue: bool,
        count: bool,
    ) -> Slice[Refund]:
        """The newest first; `overdue` are those that are late now.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        wanted = RefundFilter(status, order_id, self._now() if overdue else None)
        return await self._refunds.page(wanted, limit, cursor, count=count)

    async def of_buyer(self, buyer: User, order_id: OrderId) -> OrderRefunds:
        """What goes back to the buyer of an order.

        Raises:
            OrderNotFound: absent, or somebody else's.
        """
        order = await self._orders.of_buyer(buyer.id, order_id)
        return OrderRefunds(order.id, await self._refunds.of_order(order.id))

    async def want_paid_out(self, buyer: User, order_id: OrderId, destination: Mapping[str, str]) -> OrderRefunds:
        """Where the buyer wants what no gateway can send back: all of the order that waits for a person.

        Raises:
            OrderNotFound: absent, or somebody else's.
            NothingToPayOut: no refund of it waits for an account.
        """
        order = await self._orders.locked_of_buyer(buyer.id, order_id)
        if not await self._refunds.set_destination(order.id, destination):
            raise NothingToPayOut
        return OrderRefunds(order.id, await self._refunds.of_order(order.id))

    def _due_at(self) -> datetime:
        days = timedelta(days=self._settings.refund_days)
        return end_of(self._now().astimezone(COLOMBIA).date() + days)

    async def _is_beyond(self, order: Order, payment: Payment, refund: Refund) -> bool:
        if refund.package_id is not None and await self._left_of(order, refund.package_id) < refund.amount:
            return True
        return await self._refunds.sum_of(payment.id, made=False) + refund.amount > payment.amount

    async def _left_of(self, order: Order, package_id: PackageId) -> Money:
        package = next(each for each in await self._states.packages(order) if each.id == package_id)
        paid_back = await self._refunds.sum_of_package(package_id)
        return package.total - paid_back if paid_back < package.total else ZERO

    async def _was_paid_back(self, order: Order, payment: Payment, due: RefundDue) -> bool:
        """Whether nothing is to be done, since an administrator paid all of the package back before: that it is called
        off now owes no more, and what comes back then ends its return, and with the last of it the order.
        """
        if payment.status is PaymentStatus.REFUNDED:
            await publish(self._session, RefundMade(order.id, due.package_id, due.cause, str(ZERO)))
            await self._states.close_refunded(
                order, By(Actor.SYSTEM, None, f"payment {payment.id} was paid back before")
            )
            return True
        return due.cause.startswith("package:")

    async def _show(self, due: RefundDue, payment: Payment | None, why: str) -> None:
        about = {"order_id": due.order_id, "package_id": due.package_id, "amount": due.amount}
        await self._made.show(due.cause, payment, why, **about)


def _is_unanswered(refund: Refund) -> bool:
    """Whether its gateway was asked at every interval and never said what became of it: a case shows it by then."""
    return refund.status is RefundStatus.PROCESSING and refund.asks >= len(ASK_AGAIN)


def _reason(cause: str) -> str:
    """`package:17:cancelled` and `return:5` in words."""
    kind, *rest = cause.split(":")
    return _REASONS[kind if kind == "return" else rest[-1]]
