"""A marketplace in which everything has happened once that can happen to an order and its money."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from mestore.app.api import behind_gate, create_app
from mestore.app.subscriptions import TASKS
from mestore.app.worker import drain
from mestore.core.world import World
from mestore.orders.models import Order, OrderItem, Package
from mestore.orders.states import PackageStatus
from mestore.orders.tasks import expire_unpaid_orders
from mestore.payments.models import Payment, Refund
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.auth.people import bearer, register, sign_in
from tests.make import SHIPPING, Make
from tests.payments.bank import Bank
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox


@dataclass
class LivedIn:
    world: World
    api: Api
    make: Make
    rows: Rows
    bank: Bank

    async def play(self) -> None:
        await self._sign_up()
        await self.confirmed()
        await self.bank.begun(await self.make.order())
        await self._settled(await self.make.order(), "DECLINED")
        await self._settled(await self.make.order(), "APPROVED", amount_in_cents=100)
        await self._settled(await self.make.order(), "APPROVED", before=self._cancel)
        await self._settled(await self.make.order(), "APPROVED", before=self._expire)
        await self._settled(await self.make.order(), "APPROVED", before=self._suspect)
        for decision in ({"reason": "no"}, None):
            order = await self.make.order()
            await self._settled(order, "APPROVED", before=self._suspect)
            await self._decided(order, decision)
        await self._settled(await self.make.order(), "APPROVED", before=self._forget)
        await self._voided()
        await self._went_back()

    async def confirmed(self) -> Order:
        """An order of two vendors, placed and paid with keys, and all that follows from it."""
        order = await self.placed()
        await self._settled(order, "APPROVED")
        return order

    async def placed(self) -> Order:
        buyer = await self.make.buyer()
        products = [await self.make.product(price=price) for price in (32_730, 120_000)]
        items = [{"product_id": str(product.id), "quantity": 2} for product in products]
        placed = await self.api.post(
            "/api/v1/orders",
            {"items": items, "shipping_info": SHIPPING},
            by=buyer,
            headers={"Idempotency-Key": f"order-{buyer.id}"},
        )
        assert placed.status_code == 201, placed.text
        return await self.rows.get(Order, placed.json()["id"])

    async def paid(self, order: Order, status: str = "APPROVED", **more: int) -> Payment:
        """The bank has decided and Wompi's event is kept; the jobs that follow from it wait."""
        answer = await self.bank.pay(order, headers={"Idempotency-Key": f"payment-{order.id}"})
        assert answer.status_code == 200, answer.text
        payment = await self.rows.get(Payment, answer.json()["payment_id"])
        self.bank.decide(payment, status, **more)
        return payment

    async def run_jobs(self) -> None:
        await drain(self.world, TASKS)

    async def _settled(
        self, order: Order, status: str, before: Callable[[Payment], Awaitable[None]] | None = None, **more: int
    ) -> None:
        payment = await self.paid(order, status, **more)
        if before is not None:
            await before(payment)
        assert (await self.bank.deliver(payment)).status_code == 200
        await self.run_jobs()

    async def _voided(self) -> None:
        order = await self.confirmed()
        payment = next(each for each in await self.rows.all(Payment) if each.order_id == order.id)
        self.bank.decide(payment, "VOIDED")
        assert (await self.bank.deliver(payment)).status_code == 200
        await self.run_jobs()

    async def _went_back(self) -> None:
        """Of one order: a package is called off and paid back, and of the other a unit is returned."""
        order = await self.confirmed()
        buyer = await self.make.existing_user(order.buyer_id)
        kept, called_off = [each for each in await self.rows.all(Package) if each.order_id == order.id]
        shop = await self.rows.get(Vendor, kept.vendor_id)
        await self.make.move(order, PackageStatus.DELIVERED, vendor=shop)
        await self.make.move(order, PackageStatus.CANCELLED, vendor=await self.rows.get(Vendor, called_off.vendor_id))
        await self.run_jobs()
        (item,) = [each for each in await self.rows.all(OrderItem) if each.package_id == kept.id]
        body = {"items": [{"item_id": item.id, "quantity": 1}]}
        asked = await self.api.post(f"/api/v1/orders/{order.id}/returns", body, by=buyer)
        assert asked.status_code == 201, asked.text
        owner, path = await self.make.owner(shop), f"/api/v1/vendor/returns/{asked.json()['id']}"
        assert (await self.api.post(f"{path}/approve", by=owner)).is_success
        assert (await self.api.post(f"{path}/receive", {"condition": "GOOD"}, by=owner)).is_success
        await self.run_jobs()
        refund = next(each for each in await self.rows.all(Refund) if each.order_id == order.id)
        admin = await self.make.user(UserType.ADMIN)
        sent = {"reference": "BCO-20261124-000417"}
        assert (await self.api.post(f"/api/v1/admin/refunds/{refund.id}/complete", sent, by=admin)).is_success
        await self.run_jobs()

    async def _expire(self, payment: Payment) -> None:
        past = "UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = :id"
        await self.rows.execute(past, id=payment.order_id)
        await expire_unpaid_orders(self.world)

    async def _cancel(self, payment: Payment) -> None:
        buyer, path = await self.make.existing_user(payment.buyer_id), f"/api/v1/orders/{payment.order_id}/cancel"
        assert (await self.api.post(path, {"reason": "ya no"}, by=buyer)).is_success

    async def _decided(self, order: Order, rejected: dict[str, str] | None) -> None:
        """An administrator rejects a payment under review for a reason, or approves it."""
        payment = next(each for each in await self.rows.all(Payment) if each.order_id == order.id)
        path = f"/api/v1/admin/payments/{payment.id}/{'reject' if rejected else 'approve'}"
        assert (await self.api.post(path, rejected, by=await self.make.user(UserType.ADMIN))).is_success
        await self.run_jobs()

    async def _suspect(self, payment: Payment) -> None:
        await self.rows.execute("UPDATE payments SET fraud_score = 65 WHERE id = :id", id=payment.id)

    async def _forget(self, payment: Payment) -> None:
        """Wompi's announcement finds no attempt of ours, which the sweeper asks about in vain."""
        await self.rows.execute("UPDATE payments SET reference = 'not-known' WHERE id = :id", id=payment.id)

    async def _sign_up(self) -> None:
        await register(self.api)
        await register(self.api)
        await self.run_jobs()
        user = next(user for user in await self.rows.all(User) if user.full_name == "Ana Ruiz")
        codes = [re.findall(r"\b\d{6}\b", mail["text"]) for mail in self.bank.sandbox.mails(user.email)]
        code = next(found[0] for found in codes if found)
        headers = bearer(await sign_in(self.api))
        assert (await self.api.post("/api/v1/auth/verify-email-otp", {"code": code}, headers=headers)).is_success
        await self.run_jobs()


async def live_in(world: World, sandbox: RunningSandbox) -> LivedIn:
    sandbox.control("reset")
    sandbox.control("settle_delay", min=0, max=0)
    sandbox.control("events", paused=True)
    app = create_app(world.settings)
    app.state.world = world
    transport = httpx.ASGITransport(behind_gate(app, world.settings))
    http = httpx.AsyncClient(transport=transport, base_url="http://testserver")
    api, make, rows = Api(http, world), Make(world), Rows(world)
    lived_in = LivedIn(world, api, make, rows, Bank(api, make, rows, sandbox))
    await lived_in.play()
    return lived_in
