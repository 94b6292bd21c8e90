"""A package on its way, and who may tell of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select

from mestore.core.database import transaction
from mestore.core.market_settings import CARRIER_OF_DEVELOPMENT
from mestore.core.world import World
from mestore.orders.models import Order, Package
from mestore.orders.states import PackageStatus
from mestore.tracking.signatures import HEADER, sign
from mestore.users.models import User
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make

CARRIER = "servientrega"
EVENTS = f"/api/v1/carriers/{CARRIER}/events"
SECRET = CARRIER_OF_DEVELOPMENT[CARRIER].get_secret_value()


@dataclass
class Scene:
    api: Api
    make: Make
    world: World
    buyer: User
    vendor: Vendor
    order: Order
    package_id: int

    @property
    def guide_number(self) -> str:
        return f"GUIA-{self.package_id}"

    async def announce(self, status: str, event_id: str = "ev-1", /, **more: Any) -> httpx.Response:
        """What the carrier sends, with a good signature."""
        event = {"event_id": event_id, "guide_number": self.guide_number, "status": status, "at": self.now()} | more
        return await self.send(json.dumps(event).encode())

    async def send(self, raw: bytes, signature: str | None = None, path: str = EVENTS) -> httpx.Response:
        headers = {"Content-Type": "application/json", HEADER: signature or sign(SECRET, raw)}
        return await self.api.post(path, content=raw, headers=headers)

    def now(self) -> str:
        return self.world.now().isoformat()

    async def package(self) -> Package:
        async with transaction(self.world.sessions) as session:
            return (await session.scalars(select(Package).where(Package.id == self.package_id))).one()

    async def ship(self, *, hours_ago: int = 48) -> None:
        """It left so long ago that there is a past to tell of."""
        await self.make.move(self.order, PackageStatus.SHIPPED, vendor=self.vendor)
        await self.age(hours_ago)

    async def age(self, hours: int) -> None:
        async with transaction(self.world.sessions) as session:
            package = await session.get_one(Package, self.package_id)
            package.shipped_at = ago(self.world, hours)

    async def owner(self) -> User:
        return await self.make.owner(self.vendor)


def ago(world: World, hours: float) -> datetime:
    return world.now() - timedelta(hours=hours)
