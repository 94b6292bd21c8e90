"""The gateways that the contract of refunds is tested with, each with an account of cards."""

import itertools
from typing import Any, Literal

import aiohttp

from mestore.core.money import Money
from mestore.payments.gateways.base import RefundWish
from mestore.payments.gateways.payu_answers import parts_of
from mestore.payments.states import PaymentMethod, PaymentStatus
from tests.payments.gateways.contract import AMOUNT
from tests.payments.gateways.refund_contract import RefundStage
from tests.payments.gateways.stages import PayuStage, WompiStage, pse_attempt
from tests.sandbox.running import RunningSandbox
from tests.sandbox.shop import Shop

AN_HOUR = 3_600
_numbers = itertools.count(1)


class WompiRefundStage(RefundStage):
    def __init__(self, http: aiohttp.ClientSession, sandbox: RunningSandbox) -> None:
        self._stage = WompiStage(http, sandbox)
        self._sandbox = sandbox
        self._shop = Shop(sandbox)
        self.client, self.nobody_there = self._stage.client, self._stage.nobody_there
        sandbox.control("settle_delay", min=AN_HOUR, max=AN_HOUR)

    async def wish(self, amount: Money) -> RefundWish:
        card = {"token": self._shop.card()["token"], "installments": 1}
        charge = await self.client.start(pse_attempt(method=PaymentMethod.CARD, details=card))
        self._stage.decide(charge, PaymentStatus.APPROVED)
        return RefundWish(f"refund-{next(_numbers)}", charge.transaction_id, amount, AMOUNT, "Devolución")

    def decide(self, wish: RefundWish, *, made: bool) -> None:
        if wish.amount == wish.paid:
            self._sandbox.control("advance_clock", seconds=AN_HOUR + 1)
        else:
            status = "APPROVED" if made else "DECLINED"
            self._sandbox.control("decide_refund", reference=wish.reference, status=status)

    def fail(self, question: Literal["refund", "find"], mode: str, wish: RefundWish) -> None:
        refund = "POST /transactions/{id}/void" if wish.amount == wish.paid else "POST /refunds"
        calls = {"refund": refund, "find": "GET /refunds"}
        self._sandbox.control("fail_next", call=calls[question], mode=mode)

    def seen(self, wish: RefundWish) -> int:
        mine = {each["id"]: each["status"] for each in self._sandbox.transactions()}[wish.transaction_id]
        refunds: list[dict[str, Any]] = self._sandbox.control("list_refunds")["refunds"]
        return len([each for each in refunds if each["transaction_id"] == wish.transaction_id]) + int(mine == "VOIDED")

    def close(self) -> None:
        self._shop.http.close()

    def unknown(self, wish: RefundWish) -> RefundWish:
        return RefundWish(wish.reference, "10000000-1-1", wish.amount, wish.paid, wish.reason)


class PayuRefundStage(RefundStage):
    def __init__(self, stage: PayuStage) -> None:
        self._stage = stage
        self.client, self.nobody_there = stage.client, stage.nobody_there

    async def wish(self, amount: Money) -> RefundWish:
        charge = await self.client.start(self._stage.card())
        self._stage.shop.pay_by_card(self._stage.shop.open_checkout(dict(charge.form or {})))
        self._stage.shop.control("advance_clock", seconds=700)
        found = await self.client.find(charge.reference)
        assert found is not None
        return RefundWish(f"refund-{next(_numbers)}", found.transaction_id, amount, AMOUNT, "Devolución")

    def decide(self, wish: RefundWish, *, made: bool) -> None:
        if self.seen(wish):
            state = "APPROVED" if made else "DECLINED"
            self._stage.shop.control("decide_refund", reference=self._order(wish)["referenceCode"], state=state)

    def fail(self, question: Literal["refund", "find"], mode: str, wish: RefundWish) -> None:
        assert wish.paid == AMOUNT
        calls = {"refund": "payu payments SUBMIT_TRANSACTION", "find": "payu reports ORDER_DETAIL"}
        self._stage.shop.sandbox.control("fail_next", call=calls[question], mode=mode)

    def seen(self, wish: RefundWish) -> int:
        return sum(each["type"].endswith("REFUND") for each in self._order(wish)["transactions"])

    def unknown(self, wish: RefundWish) -> RefundWish:
        return RefundWish(wish.reference, f"1:{wish.transaction_id}", wish.amount, wish.paid, wish.reason)

    def _order(self, wish: RefundWish) -> dict[str, Any]:
        parts = parts_of(wish.transaction_id)
        assert parts is not None
        return next(each for each in self._stage.shop.orders() if str(each["id"]) == parts[0])
