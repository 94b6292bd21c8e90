"""Commissions: what the marketplace keeps of each vendor's part of an order."""

from mestore.commissions.models import Commission
from mestore.commissions.repository import CommissionRepository
from mestore.core.database import Session
from mestore.core.ids import CommissionId, OrderId, VendorId
from mestore.core.money import Money
from mestore.core.paging import Slice
from mestore.core.wiring import CurrentSettings
from mestore.orders.events import RefundDue
from mestore.orders.state_service import OrderStateService
from mestore.users.models import User
from mestore.vendors.service import VendorService


class CommissionService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._states = OrderStateService(session)
        self._commissions = CommissionRepository(session)
        self._vendors = VendorService(session)
        self._rate = settings.commissions.rate

    async def charge_order(self, order_id: OrderId) -> None:
        """One commission per live package of a confirmed order; doing it again changes nothing.

        The order's row is held: what is cancelled at the same time was so before, or is reversed after.
        """
        await self._states.hold(order_id)
        packages = await self._commissions.uncharged_packages_of(order_id)
        if packages:
            charged = [(package, package.total.share(self._rate)) for package in packages]
            await self._commissions.add_once(order_id, self._rate, charged)

    async def reverse(self, due: RefundDue) -> None:
        """Give up the share of what is owed back to the buyer, once for its cause.

        The share is that of all that was reversed so far, less what was given up before: in the end it adds up to the
        commission. A package that was over before it had a commission never gets one.
        """
        await self.charge_order(due.order_id)
        commission = await self._commissions.unreversed_of(due.package_id)
        if commission is None:
            return
        # Of a package that an administrator paid a part of back before, no more than the rest is left to go back.
        base = min(Money(due.amount), commission.base - commission.reversed_base)
        amount = (commission.reversed_base + base).share(commission.rate) - commission.reversed_amount
        await self._commissions.reverse_once(commission, due.cause, base, amount)

    async def page_of_vendor(self, user: User, limit: int, cursor: str | None, *, count: bool) -> Slice[Commission]:
        vendor = await self._vendors.of_user(user.id)
        return await self._commissions.page_of_vendor(vendor.id, limit, cursor, count=count)

    async def of_vendor(self, user: User, commission_id: CommissionId) -> Commission:
        vendor = await self._vendors.of_user(user.id)
        return await self._commissions.of_vendor(VendorId(vendor.id), commission_id)
