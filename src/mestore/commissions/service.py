"""Commissions: what the marketplace keeps of each vendor's part of an order."""

from mestore.commissions.models import Commission
from mestore.commissions.repository import CommissionRepository
from mestore.core.database import Session
from mestore.core.ids import CommissionId, OrderId, VendorId
from mestore.core.paging import Slice
from mestore.core.wiring import CurrentSettings
from mestore.users.models import User
from mestore.vendors.service import VendorService


class CommissionService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._commissions = CommissionRepository(session)
        self._vendors = VendorService(session)
        self._rate = settings.commissions.rate

    async def charge_order(self, order_id: OrderId) -> None:
        """One commission per package of a confirmed order; doing it again changes nothing."""
        for package in await self._commissions.packages_of(order_id):
            await self._commissions.add_once(
                order_id=order_id,
                package_id=package.id,
                vendor_id=package.vendor_id,
                base=package.total,
                rate=self._rate,
                amount=package.total.share(self._rate),
            )

    async def page_of_vendor(self, user: User, limit: int, cursor: str | None, *, count: bool) -> Slice[Commission]:
        vendor = await self._vendors.of_user(user.id)
        return await self._commissions.page_of_vendor(vendor.id, limit, cursor, count=count)

    async def of_vendor(self, user: User, commission_id: CommissionId) -> Commission:
        vendor = await self._vendors.of_user(user.id)
        return await self._commissions.of_vendor(VendorId(vendor.id), commission_id)
