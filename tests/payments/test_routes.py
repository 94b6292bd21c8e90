"""Which gateway is asked, and when the next one is: only after a sure "nothing was charged"."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.gateways.breaker import Breakers
from mestore.payments.models import Payment
from mestore.payments.states import PaymentStatus
from tests.api import Api
from tests.make import PSE, Make
from tests.payments.bank import Bank
from tests.payments.test_unknown_outcomes import Drain
from tests.rows import Rows
from tests.sandbox.payu_shop import PayuShop
from tests.sandbox.payvalida_shop import PayvalidaShop
from tests.sandbox.running import RunningSandbox

PROCESS = "/api/v1/payments/process"


@pytest.fixture
def payu(sandbox: RunningSandbox) -> Iterator[PayuShop]:
    shop = PayuShop(sandbox)
    shop.control("confirmations", paused=True)
    yield shop
    shop.http.close()


@pytest.fixture
def payvalida(sandbox: RunningSandbox) -> Iterator[PayvalidaShop]:
    shop = PayvalidaShop(sandbox)
    shop.control("notifications", paused=True)
    yield shop
    shop.close()


def wompi_fails_before_charging(sandbox: RunningSandbox, times: int = 1) -> None:
    sandbox.control("fail_next", call="GET /merchants/info", mode="500", times=times)


async def attempts(rows: Rows) -> list[tuple[str, str]]:
    payments = sorted(await rows.all(Payment), key=lambda payment: payment.id)
    return [(payment.gateway, payment.status) for payment in payments]


async def test_the_next_gateway_is_asked_when_the_first_surely_charged_nothing(
    bank: Bank, make: Make, rows: Rows, payu: PayuShop
) -> None:
    wompi_fails_before_charging(bank.sandbox)
    answer = await bank.pay(await make.order())
    assert (answer.status_code, answer.json()["gateway"], answer.json()["status"]) == (200, "payu", "PENDING")
    assert answer.json()["payment_url"].startswith(bank.sandbox.url)
    assert await attempts(rows) == [("wompi", "ERROR"), ("payu", "PENDING")]
    references = {payment.reference for payment in await rows.all(Payment)}
    assert len(references) == 2
    assert {order["referenceCode"] for order in payu.orders()} < references


async def test_an_unknown_outcome_is_never_tried_elsewhere(bank: Bank, make: Make, rows: Rows, payu: PayuShop) -> None:
    bank.sandbox.control("fail_next", call="POST /transactions", mode="timeout_after_processing", times=1)
    answer = await bank.pay(await make.order())
    assert (answer.status_code, answer.json()["gateway"]) == (202, "wompi")
    assert await attempts(rows) == [("wompi", "PROCESSING")]
    assert payu.orders() == []


async def test_a_refusal_is_final(bank: Bank, make: Make, rows: Rows, payu: PayuShop) -> None:
    answer = await bank.pay(await make.order(), method="CARD", data={"token": "tok_test_4021_unknown"})
    assert (answer.status_code, answer.json()["status"]) == (200, "ERROR")
    assert await attempts(rows) == [("wompi", "ERROR")]
    assert payu.orders() == []


async def test_paid_at_the_second_gateway_the_order_is_confirmed(
    api: Api, bank: Bank, make: Make, rows: Rows, payu: PayuShop, drain: Drain
) -> None:
    order = await make.order()
    wompi_fails_before_charging(bank.sandbox)
    await bank.pay(order)
    payment = next(each for each in await rows.all(Payment) if each.gateway == "payu")
    payu.control("force_outcome", reference=payment.reference, state="APPROVED")
    body = confirmation(payu, payment.reference)
    answers = [await post_form(api, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED


async def test_f29_while_its_breaker_is_open_a_gateway_is_not_asked(
    bank: Bank, api: Api, make: Make, rows: Rows, world: World, payu: PayuShop
) -> None:
    failures = world.settings.payments.breaker_failures
    for _ in range(failures):
        wompi_fails_before_charging(bank.sandbox)
        assert (await bank.pay(await make.order(), method="NEQUI", data={"phone": "3001234567"})).status_code == 503
    assert await Breakers(world).is_open("wompi")
    before = await rows.count(Payment)
    answer = await bank.pay(await make.order())
    assert answer.json()["gateway"] == "payu"
    assert await rows.count(Payment) == before + 1
    away = await bank.pay(await make.order(), method="NEQUI", data={"phone": "3001234567"})
    assert (away.status_code, away.json()["type"]) == (503, "/problems/gateway-away")
    assert await rows.count(Payment) == before + 1
    methods = {each["method"]: each for each in (await api.get("/api/v1/payments/methods")).json()["methods"]}
    assert "NEQUI" not in methods
    assert methods["PSE"]["gateways"] == ["payu"]
    health = (await api.get("/api/v1/payments/health")).json()["gateways"]
    assert (health["wompi"]["breaker"], health["payu"]["breaker"]) == ("opened", "closed")
    assert health["payu"]["last_success_at"] is not None
    assert health["wompi"]["last_failure_at"] is not None


async def test_once_its_time_is_over_one_attempt_closes_the_breaker(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    for _ in range(world.settings.payments.breaker_failures):
        wompi_fails_before_charging(bank.sandbox)
        await bank.pay(await make.order(), method="NEQUI", data={"phone": "3001234567"})
    await world.redis.hset("breaker:wompi", "opened_at", "1000000000")
    assert (await Breakers(world).standing("wompi")).state == "half-opened"
    assert (await bank.pay(await make.order())).json()["gateway"] == "wompi"
    assert (await Breakers(world).standing("wompi")).state == "closed"


async def test_efecty_answers_with_a_code_and_what_to_do(
    bank: Bank, api: Api, make: Make, rows: Rows, payvalida: PayvalidaShop
) -> None:
    order = await make.order()
    answer = await bank.pay(order, method="EFECTY")
    assert (answer.status_code, answer.json()["gateway"], answer.json()["status"]) == (200, "efecty", "PENDING")
    instructions = answer.json()["instructions"]
    (at_payvalida,) = payvalida.orders()
    assert instructions["code"] == at_payvalida["reference"]
    assert instructions["amount"] == str(order.total_amount)
    assert instructions["barcode"].startswith("(415)")
    assert any(instructions["code"] in step for step in instructions["steps"])
    payment = await rows.get(Payment, answer.json()["payment_id"])
    held = (await rows.get(Order, order.id)).expires_at
    assert payment.code == instructions["code"]
    assert held == payment.expires_at
    assert payment.code_expires_at is not None
    assert timedelta(minutes=59) < held - payment.code_expires_at < timedelta(minutes=61)


async def test_a_code_paid_at_a_counter_confirms_the_order(
    bank: Bank, api: Api, make: Make, rows: Rows, payvalida: PayvalidaShop, drain: Drain
) -> None:
    order = await make.order()
    payment_id = (await bank.pay(order, method="EFECTY")).json()["payment_id"]
    payment = await rows.get(Payment, payment_id)
    number = payment.reference.replace("-", "x")
    payvalida.control("pay", code=payment.code, amount=int(payment.amount.amount))
    body = payvalida.notifications(number)[0]["body"]
    for _ in range(2):
        assert (await post_json(api, body)).status_code == 200
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert (await rows.get(Payment, payment_id)).status is PaymentStatus.APPROVED


async def test_efecty_falls_back_to_payu(
    bank: Bank, make: Make, rows: Rows, payvalida: PayvalidaShop, payu: PayuShop
) -> None:
    payvalida.control("fail_next", call="POST /porders", mode="429")
    answer = await bank.pay(await make.order(), method="EFECTY")
    assert (answer.status_code, answer.json()["gateway"]) == (200, "payu")
    assert answer.json()["instructions"]["code"] == str(payu.orders()[0]["id"])
    payment = next(each for each in await rows.all(Payment) if each.gateway == "payu")
    held = (await rows.get(Order, payment.order_id)).expires_at
    assert held is not None
    assert payment.code_expires_at is not None
    assert timedelta(minutes=59) < held - payment.code_expires_at < timedelta(minutes=61), "time to tell of it"
    assert await attempts(rows) == [("efecty", "ERROR"), ("payu", "PENDING")]


async def test_a_buyer_has_at_most_three_slips_open(
    bank: Bank, make: Make, rows: Rows, payvalida: PayvalidaShop
) -> None:
    buyer = await make.buyer()
    orders = [await make.order(buyer=buyer) for _ in range(6)]
    answers = await asyncio.gather(*(bank.pay(order, method="EFECTY", by=buyer) for order in orders))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409, 409]
    refused = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert refused == {"/problems/too-many-slips"}
    assert await rows.count(Payment) == len(payvalida.orders()) == 3


async def test_slips_of_cancelled_orders_do_not_count(
    bank: Bank, api: Api, make: Make, rows: Rows, payvalida: PayvalidaShop
) -> None:
    buyer = await make.buyer()
    orders = [await make.order(buyer=buyer) for _ in range(5)]
    for order in orders[:3]:
        assert (await bank.pay(order, method="EFECTY", by=buyer)).status_code == 200
    assert (await bank.pay(orders[3], method="EFECTY", by=buyer)).json()["open_slips"] == 3
    assert (await api.post(f"/api/v1/orders/{orders[0].id}/cancel", {}, by=buyer)).status_code == 200
    answers = [await bank.pay(order, method="EFECTY", by=buyer) for order in orders[3:]]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert (answers[1].json()["type"], answers[1].json()["open_slips"]) == ("/problems/too-many-slips", 3)
    assert await attempts(rows) == [("efecty", "PENDING")] * 4


async def test_a_card_is_typed_on_the_gateways_own_page(
    bank: Bank, api: Api, make: Make, rows: Rows, settings: Settings
) -> None:
    answer = await bank.pay(await make.order(), method="CARD")
    attempt = answer.json()
    assert (answer.status_code, attempt["gateway"], attempt["status"], attempt["form"]) == (
        200,
        "wompi",
        "PENDING",
        None,
    )
    page = httpx.URL(attempt["payment_url"])
    payment = await rows.get(Payment, attempt["payment_id"])
    assert str(page).startswith(settings.wompi.checkout_url)
    assert page.params["reference"] == payment.reference
    assert page.params["amount-in-cents"] == str(payment.amount.cents)
    assert bank.sandbox.transactions() == []


async def test_payus_page_takes_the_form(api: Api, bank: Bank, make: Make, rows: Rows, payu: PayuShop) -> None:
    order = await make.order()
    answer = await through(api, make, order, "payu", payment_method="CARD", payment_data={})
    assert (answer.status_code, answer.json()["gateway"], answer.json()["status"]) == (200, "payu", "PENDING")
    assert payu.open_checkout(answer.json()["form"]).startswith(bank.sandbox.url)


async def test_through_payu_nobody_else_is_asked(api: Api, bank: Bank, make: Make, rows: Rows, payu: PayuShop) -> None:
    answer = await through(api, make, await make.order(), "payu", payment_method="PSE", payment_data=PSE)
    assert (answer.status_code, answer.json()["gateway"]) == (200, "payu")
    assert bank.sandbox.transactions() == []
    refused = await through(api, make, await make.order(), "payu", payment_method="NEQUI", payment_data={})
    assert refused.status_code == 422
    assert await rows.count(Payment) == 1


async def test_in_cash_without_a_method(api: Api, make: Make, payvalida: PayvalidaShop) -> None:
    answer = await through(api, make, await make.order(), "efecty")
    assert (answer.status_code, answer.json()["gateway"]) == (200, "efecty")


@pytest.mark.parametrize("path", ["payu", "efecty"])
@pytest.mark.parametrize("raw", [b"", b"{}", b"sign=1", b'{"po_id": "x", "status": "approved", "pv_checksum": "0"}'])
async def test_f42_what_is_not_signed_is_refused(api: Api, rows: Rows, path: str, raw: bytes) -> None:
    answer = await api.request("POST", f"/api/v1/payments/webhook/{path}", content=raw)
    assert answer.status_code == 401
    assert (await rows.execute("SELECT count(*) FROM gateway_events"))[0][0] == 0


async def through(api: Api, make: Make, order: Order, gateway: str, **more: Any) -> httpx.Response:
    by = await make.existing_user(order.buyer_id)
    return await api.post(f"{PROCESS}/{gateway}", {"order_id": order.id, **more}, by=by)


def confirmation(payu: PayuShop, reference: str) -> str:
    payu.control("deliver_pending")
    body: str = next(each["body"] for each in payu.deliveries(reference) if each["state"] == "done")
    return body


async def post_form(api: Api, body: str) -> httpx.Response:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await api.request("POST", "/api/v1/payments/webhook/payu", content=body.encode(), headers=headers)


async def post_json(api: Api, body: str) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return await api.request("POST", "/api/v1/payments/webhook/efecty", content=body.encode(), headers=headers)
