"""A payment that was approved, and that its gateway or the buyer's bank takes back: the order's money is gone.

It is never PENDING again: what is not shipped is called off, all that was left of the payment counts as sent back under
the gateway's number, and the commission on it is reversed. A void or refund that we asked for ourselves comes here too,
and makes only the refund that is on record.
"""

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import PackageId
from mestore.core.jobs import publish
from mestore.core.money import Money
from mestore.orders.events import RefundDue
from mestore.orders.models import Order, Package
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import UNSHIPPED, Actor, OrderStatus, PackageStatus
from mestore.payments.gateways.base import Charge
from mestore.payments.models import Payment
from mestore.payments.refunds.made import RefundsMade
from mestore.payments.refunds.repository import RefundRepository
from mestore.payments.states import REFUNDABLE, PaymentStatus, RefundStatus

_REASON = "Tu banco o la pasarela devolvió el pago"


class VoidedPayments:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._states = OrderStateService(session)
        self._refunds = RefundRepository(session)
        self._made = RefundsMade(session)

    async def went_back(self, order: Order, payment: Payment, charge: Charge) -> bool:
        """What follows when its gateway says that money of an approved payment went back: VOIDED or REFUNDED, all of
        it; PARTIALLY_REFUNDED, a part. The payment is REFUNDED afterwards; said again, nothing changes. Tells whether
        more went back than we had asked for.

        The order's row is held, then the payment's.
        """
        if payment.status not in REFUNDABLE:
            return False
        if charge.status is PaymentStatus.PARTIALLY_REFUNDED:
            await self._partly(payment, charge)
            return False
        unasked = await self._refunds.sum_of(payment.id, made=False) < payment.amount
        by = By(Actor.SYSTEM, None, f"payment {payment.id} went back")
        packages = await self._call_off(order, by) if unasked and payment.settles_order else ()
        await self._make_what_is_on_record(order, payment, charge, by)
        for package in packages:
            await self._rest_of(order, payment, package, charge, by)
        rest = payment.amount - await self._refunds.sum_of(payment.id, made=False)
        if rest:
            await self._add(order, payment, None, f"voided:{payment.id}", rest, charge, by)
        return unasked

    async def _partly(self, payment: Payment, charge: Charge) -> None:
        if not await self._refunds.ask_soon(payment.id) and payment.status is PaymentStatus.APPROVED:
            cause = f"voided:{payment.id}:part"
            await self._made.show(cause, payment, "its gateway sent a part back", transaction=charge.transaction_id)

    async def _call_off(self, order: Order, by: By) -> Sequence[Package]:
        if order.status is OrderStatus.PENDING:
            await self._states.cancel(order, by)
            return ()
        packages = await self._states.packages(order)
        for package in packages:
            if package.status in UNSHIPPED:
                await self._states.cancel_package(order, package, by)
        return packages

    async def _make_what_is_on_record(self, order: Order, payment: Payment, charge: Charge, by: By) -> None:
        for refund in await self._refunds.unmade_of(payment.id):
            taken = await self._refunds.sum_of(payment.id, made=False)
            if refund.status is RefundStatus.FAILED and taken + refund.amount > payment.amount:
                continue
            if await self._refunds.make(refund.id, (refund.status,), charge.transaction_id, None):
                await self._made.follow(order, payment, refund, by)

    async def _rest_of(self, order: Order, payment: Payment, package: Package, charge: Charge, by: By) -> None:
        rest = package.total - await self._refunds.sum_of_package(package.id)
        cause = _cause(package)
        if cause is None or await self._refunds.is_open(cause):
            cause = f"voided:{payment.id}:{package.id}"
            if rest:
                await publish(self._session, RefundDue(order.id, package.id, cause, str(rest)))
        if rest:
            await self._add(order, payment, package.id, cause, rest, charge, by)

    async def _add(
        self,
        order: Order,
        payment: Payment,
        package_id: PackageId | None,
        cause: str,
        amount: Money,
        charge: Charge,
        by: By,
    ) -> None:
        added = await self._refunds.add_once(
            payment_id=payment.id,
            order_id=order.id,
            package_id=package_id,
            cause=cause,
            amount=amount,
            reason=_REASON,
            status=RefundStatus.MADE,
            reference=charge.transaction_id,
            made_at=func.now(),
            due_at=func.now(),
        )
        if added is not None:
            await self._made.follow(order, payment, await self._refunds.get(added), by)


def _cause(package: Package) -> str | None:
    """Under which a package is owed back that is over: its `RefundDue` is on its way, or was handled."""
    if package.status is PackageStatus.CANCELLED:
        return f"package:{package.id}:cancelled"
    if package.status is PackageStatus.RETURNED and package.delivered_at is None:
        return f"package:{package.id}:came-back"
    return None
