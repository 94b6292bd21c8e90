"""A vendor's side of orders: its own packages and lines, once they are paid."""

from mestore.core.database import Session
from mestore.core.ids import OrderId
from mestore.core.paging import Slice
from mestore.orders.vendor_repository import PackageFilter, VendorOrder, VendorOrderRepository
from mestore.users.models import User
from mestore.vendors.service import VendorService


class VendorOrderService:
    def __init__(self, session: Session) -> None:
        self._orders = VendorOrderRepository(session)
        self._vendors = VendorService(session)

    async def page(
        self, user: User, wanted: PackageFilter, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[VendorOrder]:
        vendor = await self._vendors.of_user(user.id)
        return await self._orders.page(vendor.id, wanted, limit, cursor, count=count)

    async def one(self, user: User, order_id: OrderId) -> VendorOrder:
        """Raises:
        OrderNotFound: it has no package of this vendor, or is not paid.
        """
        vendor = await self._vendors.of_user(user.id)
        return await self._orders.one(vendor.id, order_id)
