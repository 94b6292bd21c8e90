"""A complaint about an order of two shops, and everybody who has or has not to do with it."""

from dataclasses import dataclass
from typing import Any

import httpx

from mestore.core.world import World
from mestore.orders.models import Order
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make

MINE, OF_SHOP, ALL = "/api/v1/complaints", "/api/v1/vendor/complaints", "/api/v1/admin/complaints"


@dataclass
class Case:
    api: Api
    person: User
    order: Order
    shop: Vendor
    seller: User
    other_seller: User
    """Of the same order, and not named."""
    stranger: User
    admin: User
    complaint: dict[str, Any]

    @property
    def id(self) -> str:
        found: str = self.complaint["id"]
        return found

    async def says(self, text: str, **more: Any) -> httpx.Response:
        return await self.api.post(f"{MINE}/{self.id}/messages", {"text": text}, **({"by": self.person} | more))

    async def shop_says(self, text: str, **more: Any) -> httpx.Response:
        return await self.api.post(f"{OF_SHOP}/{self.id}/messages", {"text": text}, **({"by": self.seller} | more))

    async def answers(self, text: str, **more: Any) -> httpx.Response:
        return await self.api.post(f"{ALL}/{self.id}/answer", {"text": text}, **({"by": self.admin} | more))

    async def closes(self, root: str = MINE, **more: Any) -> httpx.Response:
        by = self.person if root == MINE else self.admin
        return await self.api.post(f"{root}/{self.id}/close", **({"by": by} | more))

    async def shown(self) -> dict[str, Any]:
        """As its person sees it."""
        answer = await self.api.get(f"{MINE}/{self.id}", by=self.person)
        assert answer.status_code == 200, answer.text
        complaint: dict[str, Any] = answer.json()
        return complaint

    async def sends(self, content: bytes, *, alt: str = "", **more: Any) -> httpx.Response:
        files = {"file": ("foto.jpg", content, "image/jpeg")}
        path = f"{MINE}/{self.id}/evidence"
        return await self.api.request("POST", path, files=files, data={"alt": alt}, **({"by": self.person} | more))


def body(**more: Any) -> dict[str, Any]:
    return {"kind": "CLAIM", "subject": "Nevera rayada", "text": "Pido que la cambien."} | more


async def file(api: Api, person: User, **more: Any) -> dict[str, Any]:
    answer = await api.post(MINE, body(**more), by=person)
    assert answer.status_code == 201, answer.text
    complaint: dict[str, Any] = answer.json()
    return complaint


async def new_case(api: Api, make: Make) -> Case:
    shop, other_shop, person = await make.vendor(), await make.vendor(), await make.buyer()
    units = {(await make.product(vendor=vendor)).id: 1 for vendor in (shop, other_shop)}
    order = await make.order(buyer=person, units=units)
    return Case(
        api,
        person,
        order,
        shop,
        await make.owner(shop),
        await make.owner(other_shop),
        await make.buyer(),
        await make.user(UserType.ADMIN),
        await file(api, person, order_id=order.id, vendor_id=str(shop.id)),
    )


def in_world(api: Api, world: World) -> None:
    """Have the API look at another world: another clock, other settings."""
    api._http._transport.app._app._app._state.world = world  # type: ignore[attr-defined]
