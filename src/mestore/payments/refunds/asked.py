"""Refunds that an administrator wishes: units of a package that do not come back, or an amount.

What is paid back by units is computed as what is returned is, and those units are then neither returned nor paid back
again. An amount is of one package: who bears it, its shop, is a decision that no arithmetic makes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mestore.core.database import Session
from mestore.core.ids import OrderItemId, PackageId, PaymentId, RefundId, new_uuid
from mestore.core.jobs import publish
from mestore.core.money import Money
from mestore.core.wiring import Clock, CurrentSettings
from mestore.orders.events import RefundDue
from mestore.orders.models import OrderItem, Package
from mestore.orders.returned_amounts import Line, owed_for
from mestore.orders.returned_units import ReturnedUnits
from mestore.orders.state_service import OrderStateService
from mestore.payments.cases.repository import CaseRepository
from mestore.payments.errors import (
    ItemNotOfPayment,
    NothingWasPaid,
    PackageNeeded,
    PaymentNotFound,
    PaymentNotRefundable,
    PaymentUnderReview,
    RefundBeyondPayment,
    UnitsPaidBack,
)
from mestore.payments.models import Payment, Refund
from mestore.payments.refunds.repository import RefundRepository
from mestore.payments.refunds.schemas import RefundIn
from mestore.payments.refunds.service import RefundService
from mestore.payments.repository import PaymentRepository
from mestore.payments.states import REFUNDABLE
from mestore.users.models import User


@dataclass(frozen=True)
class _Part:
    """What goes back (COP, with IVA), of which package: none where the payment pays no order."""

    amount: Money
    package: Package | None
    units: Mapping[OrderItemId, int]


class AskedRefunds:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._refunds = RefundRepository(session)
        self._service = RefundService(session, settings, now)
        self._units = ReturnedUnits(session)
        self._cases = CaseRepository(session)

    async def open(self, admin: User, payment_id: PaymentId, wanted: RefundIn) -> Refund:
        """Owe back a part of a payment, or all of it, and reverse the commission on that.

        Raises:
            PaymentNotFound
            PaymentNotRefundable: nothing was paid, or it went back.
            PaymentUnderReview: whether it pays its order is still to be decided; rejecting it owes all of it back.
            PackageNeeded, ItemNotOfPayment: what is wished is not of one package that it paid for.
            UnitsPaidBack: units were paid back before, or are being returned.
            NothingWasPaid: units cost nothing.
            RefundBeyondPayment: with the other refunds it would be more than was paid, for all or for the package.
        """
        payment = await self._refunds.payment(payment_id)
        if payment is None:
            raise PaymentNotFound
        order = await self._states.locked(payment.order_id)
        payment = await self._payments.locked(payment_id)
        if payment.status not in REFUNDABLE:
            raise PaymentNotRefundable(payment.status)
        if await self._cases.is_under_review(payment.id):
            raise PaymentUnderReview
        packages = await self._states.packages(order) if payment.settles_order else ()
        part = await self._part(payment, packages, wanted)
        await self._refuse_beyond(payment, part)
        refund_id = await self._open(payment, part, wanted.reason, admin)
        return await self._refunds.get(refund_id)

    async def _part(self, payment: Payment, packages: Sequence[Package], wanted: RefundIn) -> _Part:
        if wanted.items is not None:
            return await self._of_units(payment, packages, wanted)
        assert wanted.amount is not None
        if wanted.package_id is None and len(packages) > 1:
            raise PackageNeeded
        chosen = [each for each in packages if wanted.package_id in (None, each.id)]
        if wanted.package_id is not None and not chosen:
            raise ItemNotOfPayment(None)
        return _Part(wanted.amount, chosen[0] if chosen else None, {})

    async def _of_units(self, payment: Payment, packages: Sequence[Package], wanted: RefundIn) -> _Part:
        units: Counter[OrderItemId] = Counter()
        for each in wanted.items or ():
            units[OrderItemId(each.item_id)] += each.quantity
        items = {item.id: item for item in await self._refunds.items_of(payment.order_id)} if packages else {}
        package = _package_of(items, packages, units)
        short = await self._units.ask(units)
        if short is not None:
            raise UnitsPaidBack(short)
        await self._units.owe(units)
        lines = [
            Line(item.id, item.quantity, item.paid, item.refunded_units)
            for item in items.values()
            if item.package_id == package.id
        ]
        amount = owed_for(lines, units, package.shipping_cost).amount
        if not amount:
            raise NothingWasPaid
        return _Part(amount, package, units)

    async def _refuse_beyond(self, payment: Payment, part: _Part) -> None:
        beyond = await self._refunds.sum_of(payment.id, made=False) + part.amount > payment.amount
        if part.package is not None and not beyond:
            beyond = await self._refunds.sum_of_package(part.package.id) + part.amount > part.package.total
        if beyond:
            raise RefundBeyondPayment

    async def _open(self, payment: Payment, part: _Part, reason: str, admin: User) -> RefundId:
        cause, package = f"asked:{new_uuid().hex}", part.package
        refund_id = await self._service.add(
            payment,
            PackageId(package.id) if package else None,
            cause,
            part.amount,
            reason=reason,
            units={str(item_id): count for item_id, count in part.units.items()} or None,
            asked_by=admin.id,
        )
        assert refund_id is not None, "a new cause has no refund yet"
        if package is not None:
            await publish(self._session, RefundDue(payment.order_id, package.id, cause, str(part.amount)))
        return refund_id


def _package_of(
    items: Mapping[OrderItemId, OrderItem], packages: Sequence[Package], units: Mapping[OrderItemId, int]
) -> Package:
    """The one package that all the items are in."""
    found: Package | None = None
    for item_id in units:
        package = next((each for each in packages if item_id in items and each.id == items[item_id].package_id), None)
        if package is None or found not in (None, package):
            raise ItemNotOfPayment(item_id)
        found = package
    assert found is not None, "at least one item is asked for"
    return found
