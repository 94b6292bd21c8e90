"""The way of cash in tests: a code from our API, paid at the sandbox's counter, told of by the file of the day."""

from datetime import datetime
from typing import Any

import httpx

from mestore.core.clock import COLOMBIA
from mestore.core.ids import PaymentId
from mestore.core.money import Money
from mestore.orders.models import Order
from mestore.payments.models import Payment
from mestore.users.models import User
from tests.api import Api
from tests.payments.bank import Bank
from tests.rows import Rows
from tests.sandbox.payvalida_shop import PayvalidaShop

CONFIRM = "/api/v1/payments/efecty/confirm"


class Counter:
    def __init__(self, api: Api, rows: Rows, bank: Bank) -> None:
        self._api = api
        self._rows = rows
        self._bank = bank
        self.shop = PayvalidaShop(bank.sandbox)
        self.shop.control("notifications", paused=True)

    async def slip(self, order: Order) -> Payment:
        """The attempt of an order that waits for somebody to bring its code to a counter."""
        answer = await self._bank.pay(order, method="EFECTY")
        assert answer.status_code == 200, answer.text
        payment = await self._rows.get(Payment, PaymentId(answer.json()["payment_id"]))
        assert payment.code is not None
        return payment

    def pay(self, payment: Payment, amount: Money | None = None, *, offline: bool = False) -> None:
        """What a cashier does; nobody is told of it before the file of the day."""
        pesos = int((amount or payment.amount).amount)
        self.shop.control("pay", code=payment.code, amount=pesos, offline=offline)

    def fail(self, mode: str = "500", times: int = 1) -> None:
        """The next question about an order is not answered."""
        self.shop.control("fail_next", call="GET /porders/{order}", mode=mode, times=times)

    def force(self, payment: Payment, state: str, **more: Any) -> None:
        self.shop.control("force_state", order=payment.gateway_transaction_id, state=state, **more)

    def file(self, wrong: str | None = None) -> bytes:
        """The network's file of today, in Colombia."""
        now = self.shop.control("advance_clock", seconds=0.001)["now"]
        day = f"{datetime.fromisoformat(now).astimezone(COLOMBIA):%Y-%m-%d}"
        file = self.shop.http.get(f"/files/{day}.txt", params={"wrong": wrong} if wrong else None)
        assert file.status_code == 200, file.text
        return file.content

    async def send(self, by: User | None, file: bytes, **more: Any) -> httpx.Response:
        return await self._api.post(CONFIRM, files={"file": ("recaudos.txt", file)}, by=by, **more)

    async def sent(self, by: User, file: bytes) -> dict[str, Any]:
        answer = await self.send(by, file)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def tell(self, by: User | None, payment: Payment, **changes: Any) -> httpx.Response:
        """Somebody shows a receipt."""
        said = {"code": payment.code, "amount": str(payment.amount), "reference": "004512"} | changes
        return await self._api.post(CONFIRM, said, by=by)
