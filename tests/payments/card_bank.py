"""Orders that were paid by card, at Wompi or at PayU, and what becomes of the money that goes back."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import text

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.payments.models import Payment, Refund
from mestore.payments.refunds.tasks import send_due_refunds
from mestore.payments.states import PaymentStatus
from mestore.payments.sweeper import ask_about_open_payments
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.rows import Rows
from tests.sandbox.payu_shop import PayuShop
from tests.sandbox.shop import Shop

AN_HOUR = 3_600


class CardBank:
    def __init__(
        self, bank: Bank, api: Api, make: Make, rows: Rows, world: World, drain: Callable[[], Awaitable[None]]
    ) -> None:
        self.bank = bank
        self.sandbox = bank.sandbox
        self._api = api
        self._make = make
        self._rows = rows
        self._world = world
        self._drain = drain
        self._shop = Shop(bank.sandbox)
        self.payu = PayuShop(bank.sandbox)
        # Nothing ends by itself: a test decides, or moves the gateway's clock.
        self.sandbox.control("settle_delay", min=AN_HOUR, max=AN_HOUR)

    def close(self) -> None:
        self._shop.http.close()
        self.payu.http.close()

    async def order(self, *prices: int) -> Order:
        """Of one package for each price."""
        products = [await self._make.product(price=price) for price in prices or (50_000,)]
        placed = await self._make.order(units={product.id: 2 for product in products})
        return await self._rows.get(Order, placed.id)

    async def paid(self, order: Order) -> Payment:
        """By card, through Wompi; the order is confirmed and its commissions are made."""
        card = {"token": self._shop.card()["token"], "installments": 1}
        answer = await self.bank.pay(order, method="CARD", data=card)
        assert answer.status_code == 200, answer.text
        payment = await self._rows.get(Payment, answer.json()["payment_id"])
        self.bank.decide(payment)
        await self.bank.deliver(payment)
        await self._drain()
        return await self._approved(payment)

    async def paid_by_payu(self, order: Order) -> Payment:
        """By card, on PayU's page, an hour ago."""
        buyer = await self._make.existing_user(order.buyer_id)
        wanted = {"order_id": order.id, "payment_method": "CARD", "payment_data": {}}
        answer = await self._api.post("/api/v1/payments/process/payu", wanted, by=buyer)
        assert answer.status_code == 200, answer.text
        payment = await self._rows.get(Payment, answer.json()["payment_id"])
        self.payu.pay_by_card(self.payu.open_checkout(answer.json()["form"]))
        now = "UPDATE payments SET ask_after = now() - interval '1 second' WHERE id = :id"
        await self._rows.execute(now, id=payment.id)
        await ask_about_open_payments(self._world)
        await self._drain()
        self.payu.control("advance_clock", seconds=AN_HOUR)
        return await self._approved(payment)

    async def an_hour_passes(self) -> None:
        """On our side; events are only ever added, but for this."""
        async with transaction(self._world.sessions) as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(text("UPDATE payment_events SET at = at - interval '1 hour'"))

    async def cancel(self, order: Order) -> None:
        """The buyer does, and what follows from it happens."""
        buyer = await self._make.existing_user(order.buyer_id)
        answer = await self._api.post(f"/api/v1/orders/{order.id}/cancel", {"reason": "no"}, by=buyer)
        assert answer.status_code == 200, answer.text
        await self._drain()

    async def sweep(self) -> None:
        """With the time come of every refund that waits."""
        now = "UPDATE refunds SET ask_after = now() - interval '1 second' WHERE ask_after IS NOT NULL"
        await self._rows.execute(now)
        await send_due_refunds(self._world)
        await self._drain()

    async def refund(self) -> Refund:
        """The only one."""
        (refund,) = await self._rows.all(Refund)
        return refund

    def at_wompi(self) -> list[dict[str, Any]]:
        """The refunds that Wompi has, the newest first."""
        found: list[dict[str, Any]] = self.sandbox.control("list_refunds")["refunds"]
        return found

    def at_payu(self) -> list[dict[str, Any]]:
        transactions = [each for order in self.payu.orders() for each in order["transactions"]]
        return [each for each in transactions if each["type"].endswith("REFUND")]

    async def _approved(self, payment: Payment) -> Payment:
        payment = await self._rows.get(Payment, payment.id)
        assert payment.status is PaymentStatus.APPROVED
        return payment
