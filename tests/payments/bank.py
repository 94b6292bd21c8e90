"""The way of a payment in tests: begun at our API, decided at the sandbox, announced when the test wants it."""

from typing import Any

import httpx

from mestore.core.ids import PaymentId
from mestore.orders.models import Order
from mestore.payments.models import Payment
from mestore.users.models import User
from tests.api import Api
from tests.make import PSE, Make
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox


class Bank:
    def __init__(self, api: Api, make: Make, rows: Rows, sandbox: RunningSandbox) -> None:
        self._api = api
        self._make = make
        self._rows = rows
        self.sandbox = sandbox

    async def pay(
        self, order: Order, *, by: User | None = None, method: str = "PSE", data: Any = None, **more: Any
    ) -> httpx.Response:
        """With `data` where the method is not PSE."""
        by = by or await self._make.existing_user(order.buyer_id)
        wanted = {
            "order_id": order.id,
            "payment_method": method,
            "payment_data": PSE if method == "PSE" else data or {},
        }
        return await self._api.post("/api/v1/payments/process", wanted, by=by, **more)

    async def begun(self, order: Order) -> Payment:
        """The attempt of an order that waits at the bank."""
        answer = await self.pay(order)
        assert answer.status_code == 200, answer.text
        return await self._rows.get(Payment, PaymentId(answer.json()["payment_id"]))

    def decide(self, payment: Payment, status: str = "APPROVED", **more: Any) -> None:
        """What the bank does; Wompi's event is made, and kept until the test delivers it."""
        self.sandbox.control("force_outcome", reference=payment.reference, status=status, **more)

    async def deliver(self, payment: Payment) -> httpx.Response:
        """Wompi's newest event about the payment, posted to our webhook as it is."""
        event = self.sandbox.events(payment.reference)[0]
        return await self.post(event)

    async def post(self, event: dict[str, Any]) -> httpx.Response:
        return await self._api.request(
            "POST", "/api/v1/payments/webhook", content=event["body"].encode(), headers=event["headers"]
        )

    def forged(self, **more: Any) -> dict[str, Any]:
        """An event that Wompi did not send, ready to be posted."""
        event: dict[str, Any] = self.sandbox.control("forge_event", send=False, **more)["event"]
        return event
