"""What buyers and vendors hear of an order on its way: each fact once, and nobody anything of another's."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from mestore.core.database import transaction
from mestore.core.ids import OrderId
from mestore.core.jobs import publish
from mestore.core.wording import clock, day
from mestore.core.world import World
from mestore.notifications import tasks
from mestore.notifications.models import Message, MessageStatus
from mestore.orders.events import (
    OrderCancelled,
    OrderPlaced,
    PackageCancelled,
    PackageDelivered,
    PackageShipped,
    RefundMade,
)
from mestore.orders.models import Order, Package
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor, PackageStatus
from mestore.users.models import User
from mestore.vendors.models import Vendor
from tests.make import Make
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
ADDRESS = "camino.comprador@example.co"
PRIVATE = ("Cra 7", "3001234567", ADDRESS)


class Story:
    """An order of two vendors."""

    def __init__(self, make: Make, world: World, drain: Drain, sandbox: RunningSandbox) -> None:
        self.make, self.world, self.drain, self.sandbox = make, world, drain, sandbox
        self.buyer: User
        self.coffee: Vendor
        self.chairs: Vendor
        self.order: Order

    async def begin(self, language: str = "es") -> None:
        self.buyer = await self.make.buyer(email=ADDRESS, language=language)
        self.coffee = await self.make.vendor(business_name="Café <Sierra>")
        self.chairs = await self.make.vendor(business_name="Sillas")
        one = await self.make.product(vendor=self.coffee, price=32_000, name="Café de origen")
        two = await self.make.product(vendor=self.chairs, price=250_000, name="Silla de roble")
        self.order = await self.make.order(buyer=self.buyer, units={one.id: 2, two.id: 1})

    async def move(self, to: PackageStatus, vendor: Vendor | None = None) -> None:
        await self.make.move(self.order, to, vendor=vendor)
        await self.drain()

    async def cancel(self) -> None:
        async with transaction(self.world.sessions) as session:
            states = OrderStateService(session)
            await states.cancel(await states.locked(self.order.id), By(Actor.ADMIN, None, "por Ana Ruiz"))
        await self.drain()

    def to_buyer(self, beginning: str) -> dict[str, Any]:
        """The one letter with a subject that begins so."""
        (found,) = [mail for mail in self.sandbox.mails(ADDRESS) if mail["subject"].startswith(beginning)]
        return found

    async def to_vendor(self, vendor: Vendor, beginning: str) -> list[dict[str, Any]]:
        owner = await self.make.owner(vendor)
        return [mail for mail in self.sandbox.mails(owner.email) if mail["subject"].startswith(beginning)]


@pytest.fixture
async def story(make: Make, world: World, drain: Drain, sandbox: RunningSandbox) -> Story:
    found = Story(make, world, drain, sandbox)
    await found.begin()
    return found


async def templates(rows: Rows, beginning: str = "") -> list[str]:
    return sorted(each.template for each in await rows.all(Message) if each.template.startswith(beginning))


async def test_an_order_s_buyer_hears_until_when_it_is_held(story: Story, rows: Rows) -> None:
    await story.drain()
    assert await templates(rows) == ["order_placed"]
    letter = story.to_buyer("Recibimos tu pedido")
    until = story.order.expires_at
    assert letter["subject"].startswith(f"Recibimos tu pedido: págalo antes de las {clock(until, 'es')}")
    for said in (story.order.order_number, "Café de origen", "Silla de roble", day(until, "es")):
        assert said in letter["text"]


async def test_the_buyer_follows_a_package_from_its_letter(story: Story, rows: Rows, world: World) -> None:
    await story.move(PackageStatus.SHIPPED, story.coffee)
    letter = story.to_buyer("Va en camino")
    (package,) = [each for each in await rows.all(Package) if each.vendor_id == story.coffee.id]
    for said in (
        *("Servientrega", f"GUIA-{package.id}", "Café de origen"),
        f"{world.settings.orders.tracking_url}/{story.order.order_number}",
        day(f"{package.promised_by}T12:00:00-05:00", "es"),
    ):
        assert said in letter["text"]
    assert "Silla de roble" not in letter["text"] + letter["html"]
    assert "Café &lt;Sierra&gt;" in letter["html"]
    assert await templates(rows, "package") == ["package_shipped"]


async def test_the_buyer_of_what_arrived_hears_until_when_it_may_go_back(story: Story, rows: Rows) -> None:
    await story.move(PackageStatus.DELIVERED, story.chairs)
    letter = story.to_buyer("Llegó tu paquete de Sillas")
    (package,) = [each for each in await rows.all(Package) if each.vendor_id == story.chairs.id]
    assert package.returnable_until is not None
    assert f"hasta el {day(package.returnable_until, 'es')}" in letter["text"]
    assert "Café de origen" not in letter["text"]


async def test_an_unpaid_order_that_is_cancelled_is_no_vendor_s_business(story: Story, rows: Rows) -> None:
    await story.cancel()
    assert await templates(rows) == ["order_cancelled_buyer", "order_placed"]
    assert "No registramos su pago." in story.to_buyer("Tu pedido")["text"]


async def test_a_paid_order_that_is_cancelled_is_one_letter_to_each(story: Story, rows: Rows) -> None:
    await story.move(PackageStatus.PENDING)
    await story.cancel()
    assert await templates(rows, "order_cancelled") == ["order_cancelled_buyer", *["order_cancelled_vendor"] * 2]
    assert await templates(rows, "package") == [], "the order's letter tells of its packages"
    to_buyer = story.to_buyer("Tu pedido")
    assert f"$ {int(story.order.total_amount.amount):,}".replace(",", ".") in to_buyer["text"]
    (to_coffee,) = await story.to_vendor(story.coffee, "Cancelado")
    (to_chairs,) = await story.to_vendor(story.chairs, "Cancelado")
    assert "Café de origen" in to_coffee["text"]
    assert "Silla" not in to_coffee["text"] + to_coffee["html"], "a vendor sees its own lines only"
    assert "Café" not in to_chairs["text"] + to_chairs["html"]
    for letter in (to_coffee, to_chairs):
        assert not [private for private in (*PRIVATE, "por Ana Ruiz") if private in letter["text"] + letter["html"]]


async def test_a_part_that_does_not_come_is_told_with_what_goes_back(story: Story, rows: Rows) -> None:
    await story.move(PackageStatus.CANCELLED, story.coffee)
    letter = story.to_buyer("Café <Sierra> no puede enviar")
    (package,) = [each for each in await rows.all(Package) if each.vendor_id == story.coffee.id]
    assert f"$ {int(package.total.amount):,}".replace(",", ".") in letter["text"]
    assert "Silla" not in letter["text"]
    assert await templates(rows, "order_cancelled") == []
    await story.move(PackageStatus.CANCELLED, story.chairs)
    assert await templates(rows, "package") == ["package_cancelled"], "the last part is the order's own letter"
    assert "order_cancelled_buyer" in await templates(rows)


async def test_money_that_is_back_is_told_once_for_each_cause(story: Story, rows: Rows, world: World) -> None:
    order_id = OrderId(story.order.id)
    for cause in ("return:5", "return:5", "return:6"):
        await tasks.tell_refund_made(world, RefundMade(order_id, None, cause, "84999.00"))
    await story.drain()
    assert await templates(rows, "refund") == ["refund_made"] * 2
    (first, _) = [mail for mail in story.sandbox.mails(ADDRESS) if mail["subject"].startswith("Te devolvimos")]
    assert first["subject"] == f"Te devolvimos $ 84.999 de tu pedido {story.order.order_number}"


async def test_jobs_that_run_twice_tell_once(story: Story, rows: Rows, world: World) -> None:
    await story.move(PackageStatus.DELIVERED, story.coffee)
    await story.move(PackageStatus.CANCELLED, story.chairs)
    before = await rows.count(Message)
    packages = {package.vendor_id: package.id for package in await rows.all(Package)}
    order_id, coffee, chairs = story.order.id, packages[story.coffee.id], packages[story.chairs.id]
    await tasks.tell_order_placed(world, OrderPlaced(order_id))
    await tasks.tell_package_shipped(world, PackageShipped(order_id, coffee))
    await tasks.tell_package_delivered(world, PackageDelivered(order_id, coffee))
    await tasks.tell_package_cancelled(world, PackageCancelled(order_id, chairs))
    await tasks.tell_order_cancelled(world, OrderCancelled(order_id))
    assert await rows.count(Message) == before, "it is not cancelled"
    async with transaction(world.sessions) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("UPDATE orders SET status = 'CANCELLED'"))
    for _ in range(2):
        await tasks.tell_order_cancelled(world, OrderCancelled(order_id))
    assert await rows.count(Message) == before + 3
    await story.drain()
    assert {message.status for message in await rows.all(Message)} == {MessageStatus.SENT}


async def test_each_fact_starts_its_letter(story: Story, rows: Rows, world: World) -> None:
    await story.drain()
    package_id = (await rows.all(Package))[0].id
    order_id = OrderId(story.order.id)
    async with transaction(world.sessions) as session:
        await publish(
            session,
            OrderPlaced(order_id),
            OrderCancelled(order_id),
            PackageShipped(order_id, package_id),
            PackageDelivered(order_id, package_id),
            PackageCancelled(order_id, package_id),
            RefundMade(order_id, package_id, "package:1:cancelled", "1.00"),
        )
    jobs = {job.entrypoint for job in await rows.execute("SELECT entrypoint FROM pgqueuer")}
    facts = ("order_placed", "order_cancelled", "package_shipped", "package_delivered", "package_cancelled")
    assert {f"notifications.tell_{fact}" for fact in (*facts, "refund_made")} <= jobs
