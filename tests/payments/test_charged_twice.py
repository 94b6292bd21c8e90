"""F50: PayU takes money twice under one reference, by a page in two tabs or a coupon paid again; it is never lost."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from mestore.core.clock import COLOMBIA
from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.models import CaseKind, GatewayEvent, Payment, PaymentCase
from mestore.payments.reconciliation.service import reconcile
from mestore.payments.states import PaymentStatus
from mestore.payments.sweeper import ask_about_open_payments
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.test_answers_in_any_order import all_rules_hold
from tests.payments.test_routes import post_form, through
from tests.rows import Rows
from tests.sandbox.payu_shop import PayuShop

Drain = Callable[[], Awaitable[None]]


class Till:
    """PayU's, whose confirmations a test delivers."""

    def __init__(self, api: Api, make: Make, rows: Rows, world: World, payu: PayuShop, drain: Drain) -> None:
        self._api, self._make, self._rows, self._world, self._drain = api, make, rows, world, drain
        self.payu = payu
        self.order: Order

    async def begin(self, **wanted: Any) -> dict[str, Any]:
        self.order = await self._make.order()
        answer = await through(self._api, self._make, self.order, "payu", **wanted)
        assert answer.status_code == 200, answer.text
        attempt: dict[str, Any] = answer.json()
        return attempt

    async def tell(self) -> None:
        """All that PayU has to tell, each thing twice, and what follows from it."""
        self.payu.control("deliver_pending")
        bodies = [each["body"] for each in self.payu.deliveries() if each["body"]]
        for body in (*bodies, *bodies):
            assert (await post_form(self._api, body)).status_code == 200
        await self._drain()
        await ask_about_open_payments(self._world)

    async def has_one_payment_and_one_case(self) -> None:
        (payment,) = await self._rows.all(Payment)
        (case,) = await self._rows.all(PaymentCase)
        assert (payment.status, payment.settles_order) == (PaymentStatus.APPROVED, True)
        assert (case.kind, case.payment_id) == (CaseKind.SECOND_PAYMENT, payment.id)
        assert case.gateway_transaction_id != payment.gateway_transaction_id
        assert case.detail["charged"] == str(self.order.total_amount)
        assert (await self._rows.get(Order, self.order.id)).status is OrderStatus.CONFIRMED


@pytest.fixture
def till(bank: Bank, api: Api, make: Make, rows: Rows, world: World, drain: Drain) -> Iterator[Till]:
    payu = PayuShop(bank.sandbox)
    payu.control("confirmations", paused=True)
    yield Till(api, make, rows, world, payu, drain)
    payu.http.close()


async def test_a_page_in_two_tabs(till: Till, rows: Rows, settings: Settings) -> None:
    form = (await till.begin(payment_method="CARD", payment_data={}))["form"]
    pages = [till.payu.open_checkout(form) for _ in range(2)]
    for page in pages:
        till.payu.pay_by_card(page)
    await till.tell()
    await till.has_one_payment_and_one_case()
    assert await rows.count(GatewayEvent) == 1, "both confirmations are signed alike"
    await all_rules_hold(settings)


async def test_a_second_tab_after_the_first_was_settled(till: Till, rows: Rows, settings: Settings) -> None:
    """What settled the order goes on counting, whatever comes later."""
    form = (await till.begin(payment_method="CARD", payment_data={}))["form"]
    first, second = till.payu.open_checkout(form), till.payu.open_checkout(form)
    till.payu.pay_by_card(first)
    await till.tell()
    (settled,) = await rows.all(Payment)
    till.payu.pay_by_card(second)
    await till.tell()
    await till.has_one_payment_and_one_case()
    assert (await rows.all(Payment))[0].gateway_transaction_id == settled.gateway_transaction_id
    await all_rules_hold(settings)


async def test_a_coupon_paid_again(till: Till, settings: Settings) -> None:
    await till.begin(payment_method="EFECTY", payment_data={})
    for _ in range(2):
        till.payu.control("pay_cash", order_id=till.payu.orders()[0]["id"])
    till.payu.control("advance_clock", seconds=1_000)
    await till.tell()
    await till.has_one_payment_and_one_case()
    await all_rules_hold(settings)


async def test_the_second_sent_back_by_payu_leaves_ours_as_it_is(till: Till, rows: Rows, world: World) -> None:
    """The day's comparison asks about the transaction that counts here, not about what became of the other."""
    form = (await till.begin(payment_method="CARD", payment_data={}))["form"]
    for page in [till.payu.open_checkout(form) for _ in range(2)]:
        till.payu.pay_by_card(page)
    await till.tell()
    ours = await number_of_ours(rows)
    other = next(each for each in till.payu.orders() if str(each["id"]) != ours)
    till.payu.control("advance_clock", seconds=3_600)
    refund = {"id": str(other["id"])}
    parent = other["transactions"][0]["id"]
    till.payu.command(
        "SUBMIT_TRANSACTION",
        transaction={"order": refund, "type": "REFUND", "reason": "twice", "parentTransactionId": parent},
    )
    till.payu.control("decide_refund", reference=form["referenceCode"], state="APPROVED")
    day = world.now().astimezone(COLOMBIA).date()
    assert (await reconcile(world, "payu", day)).differences == []


async def number_of_ours(rows: Rows) -> str:
    (payment,) = await rows.all(Payment)
    return str(payment.gateway_transaction_id).partition(":")[0]
