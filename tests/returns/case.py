"""A paid order of two shops, delivered, and everybody who has or has not to do with what comes back of it."""

from dataclasses import dataclass
from typing import Any

import httpx

from mestore.core.ids import OrderItemId
from mestore.core.world import World
from mestore.orders.models import Order, OrderItem
from mestore.orders.states import PackageStatus
from mestore.payments.models import Payment
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make
from tests.payments.settled import settle
from tests.rows import Rows

OF_SHOP, ALL = "/api/v1/vendor/returns", "/api/v1/admin/returns"
UNITS = 3


@dataclass
class Case:
    api: Api
    rows: Rows
    buyer: User
    stranger: User
    shop: Vendor
    seller: User
    other_seller: User
    """Of the same order's other package."""
    admin: User
    order: Order
    payment: Payment
    chairs: OrderItem
    """UNITS of them in one package with `lamp`; `other` came from the other shop."""
    lamp: OrderItem
    other: OrderItem

    @property
    def path(self) -> str:
        return f"/api/v1/orders/{self.order.id}/returns"

    async def asks(self, units: dict[OrderItemId, int] | None = None, **more: Any) -> httpx.Response:
        units = units or {self.chairs.id: 1}
        items = [{"item_id": item_id, "quantity": count} for item_id, count in units.items()]
        body = {"items": items, "reason": "No me sirve"} | more.pop("body", {})
        return await self.api.post(self.path, body, **({"by": self.buyer} | more))

    async def requested(self, units: dict[OrderItemId, int] | None = None) -> int:
        answer = await self.asks(units)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def approved(self, units: dict[OrderItemId, int] | None = None) -> int:
        return_id = await self.requested(units)
        answer = await self.does(return_id, "approve")
        assert answer.status_code == 200, answer.text
        return return_id

    async def received(self, units: dict[OrderItemId, int] | None = None) -> int:
        return_id = await self.approved(units)
        answer = await self.does(return_id, "receive", condition="GOOD")
        assert answer.status_code == 200, answer.text
        return return_id

    async def does(
        self, return_id: int, what: str, *, by: User | None = None, root: str = OF_SHOP, **body: Any
    ) -> httpx.Response:
        """What the shop, or with `root=ALL` an administrator, decides."""
        by = by or (self.seller if root == OF_SHOP else self.admin)
        return await self.api.post(f"{root}/{return_id}/{what}", body or None, by=by)

    async def sends(self, return_id: int, guide_number: str = "VUELTA-1", **more: Any) -> httpx.Response:
        body = {"carrier": "Servientrega", "guide_number": guide_number}
        return await self.api.post(f"{self.path}/{return_id}/shipment", body, **({"by": self.buyer} | more))

    async def units_of(self, item: OrderItem) -> tuple[int, int]:
        """Returned and refunded."""
        found = await self.rows.get(OrderItem, item.id)
        return found.returned_units, found.refunded_units


async def make_case(api: Api, make: Make, rows: Rows, world: World) -> Case:
    shop, other_shop = await make.vendor(), await make.vendor()
    chairs = await make.product(vendor=shop, price=10_001, stock=10)
    lamp = await make.product(vendor=shop, price=45_000, stock=10)
    elsewhere = await make.product(vendor=other_shop, price=60_000, stock=10)
    buyer = await make.buyer()
    order = await make.order(buyer=buyer, units={chairs.id: UNITS, lamp.id: 1, elsewhere.id: 1})
    payment = await settle(world, order)
    await make.move(order, PackageStatus.DELIVERED)
    items = {item.product_id: item for item in await rows.all(OrderItem) if item.order_id == order.id}
    case = Case(
        api=api,
        rows=rows,
        buyer=buyer,
        stranger=await make.buyer(),
        shop=shop,
        seller=await make.owner(shop),
        other_seller=await make.owner(other_shop),
        admin=await make.user(UserType.ADMIN),
        order=order,
        payment=payment,
        chairs=items[chairs.id],
        lamp=items[lamp.id],
        other=items[elsewhere.id],
    )
    for person in (buyer, case.stranger, case.seller, case.other_seller, case.admin):
        await api.token(person)  # what a refused request writes is counted: signing in is not it
    return case
