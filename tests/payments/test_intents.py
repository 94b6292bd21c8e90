"""Paying in two steps: an intent is somebody's, lasts for a while, and becomes one payment."""

import asyncio
from typing import Any

import httpx
import pytest

from mestore.orders.models import Order
from mestore.payments.models import Payment, PaymentIntent
from mestore.users.models import User
from tests.api import Api
from tests.make import PSE, Make
from tests.payments.bank import Bank
from tests.problems import assert_problem
from tests.rows import Rows

INTENT, CONFIRM = "/api/v1/payments/create-intent", "/api/v1/payments/confirm"


@pytest.fixture
async def order(make: Make) -> Order:
    return await make.order()


@pytest.fixture
async def buyer(make: Make, order: Order) -> User:
    return await make.existing_user(order.buyer_id)


async def intend(api: Api, order: Order, buyer: User, method: str = "PSE", **more: Any) -> httpx.Response:
    return await api.post(INTENT, {"order_id": order.id, "payment_method": method}, by=buyer, **more)


async def made(api: Api, order: Order, buyer: User, method: str = "PSE") -> str:
    answer = await intend(api, order, buyer, method)
    assert answer.status_code == 201, answer.text
    intent_id: str = answer.json()["intent_id"]
    return intent_id


async def confirm(api: Api, intent_id: str, buyer: User, data: Any = PSE, **more: Any) -> httpx.Response:
    return await api.post(CONFIRM, {"intent_id": intent_id, "payment_data": data}, by=buyer, **more)


async def status(api: Api, intent_id: str, buyer: User) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/payments/status/{intent_id}", by=buyer)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def test_an_intent_calls_nobody(bank: Bank, api: Api, order: Order, buyer: User, rows: Rows) -> None:
    answer = await intend(api, order, buyer)
    intent = answer.json()
    assert (intent["status"], intent["amount"], intent["payment"]) == ("CREATED", str(order.total_amount), None)
    assert bank.sandbox.transactions() == []
    assert await rows.count(Payment) == 0
    assert await status(api, intent["intent_id"], buyer) == intent


async def test_confirmed_it_is_a_payment(bank: Bank, api: Api, order: Order, buyer: User, rows: Rows) -> None:
    intent_id = await made(api, order, buyer)
    paid = await confirm(api, intent_id, buyer)
    assert (paid.status_code, paid.json()["status"]) == (200, "PENDING")
    seen = await status(api, intent_id, buyer)
    assert (seen["status"], seen["payment"]["id"]) == ("CONFIRMED", paid.json()["payment_id"])
    again = await confirm(api, intent_id, buyer)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/intent-confirmed")
    assert len(bank.sandbox.transactions()) == await rows.count(Payment) == 1


async def test_the_same_key_gives_the_same_payment(bank: Bank, api: Api, order: Order, buyer: User) -> None:
    intent_id, key = await made(api, order, buyer), {"Idempotency-Key": "confirm-1"}
    first, second = [await confirm(api, intent_id, buyer, headers=key) for _ in range(2)]
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(bank.sandbox.transactions()) == 1


async def test_of_many_at_once_one_confirms(bank: Bank, api: Api, order: Order, buyer: User, rows: Rows) -> None:
    intent_id = await made(api, order, buyer)
    answers = await asyncio.gather(*(confirm(api, intent_id, buyer) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert len(bank.sandbox.transactions()) == await rows.count(Payment) == 1


async def test_an_expired_one_is_good_for_nothing(bank: Bank, api: Api, order: Order, buyer: User, rows: Rows) -> None:
    intent_id = await made(api, order, buyer)
    await rows.execute("UPDATE payment_intents SET expires_at = now() - interval '1 second'")
    answer = await confirm(api, intent_id, buyer)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/intent-expired")
    assert (await status(api, intent_id, buyer))["status"] == "EXPIRED"
    assert bank.sandbox.transactions() == []


async def test_another_gateway_goes_on_with_it(bank: Bank, api: Api, order: Order, buyer: User, rows: Rows) -> None:
    intent_id = await made(api, order, buyer)
    bank.sandbox.control("fail_next", call="GET /merchants/info", mode="500", times=1)
    paid = await confirm(api, intent_id, buyer)
    assert (paid.status_code, paid.json()["gateway"]) == (200, "payu")
    (intent,) = await rows.all(PaymentIntent)
    assert intent.payment_id == paid.json()["payment_id"]


@pytest.mark.parametrize(
    ("method", "data"), [("PSE", {}), ("NEQUI", {"token": "tok_test_1"}), ("BANCOLOMBIA", {"phone": "3001234567"})]
)
async def test_what_does_not_fit_the_method_is_refused(
    bank: Bank, api: Api, order: Order, buyer: User, rows: Rows, method: str, data: Any
) -> None:
    intent_id = await made(api, order, buyer, method)
    answer = await confirm(api, intent_id, buyer, data)
    assert answer.status_code == 422, answer.text
    assert bank.sandbox.transactions() == []
    assert (await status(api, intent_id, buyer))["status"] == "CREATED"


@pytest.mark.parametrize(
    ("method", "data", "wanted"),
    [
        ("EFECTY", {"document_type": "CC"}, [["body", "payment_data"]]),
        ("NEQUI", {"phone": "1"}, [["body", "payment_data", "phone"]]),
        ("PSE", PSE | {"bank_code": "x"}, [["body", "payment_data", "bank_code"]]),
        ("PSE", [], [["body", "payment_data"]]),
    ],
)
async def test_it_is_refused_for_what_its_own_method_needs_and_nothing_else(
    api: Api, order: Order, buyer: User, rows: Rows, method: str, data: Any, wanted: list[list[str]]
) -> None:
    intent_id = await made(api, order, buyer, method)
    problem = assert_problem(await confirm(api, intent_id, buyer, data), 422)
    assert [each["loc"] for each in problem["errors"]] == wanted
    assert await rows.count(Payment) == 0


async def test_somebody_elses_is_not_there(bank: Bank, api: Api, order: Order, buyer: User, make: Make) -> None:
    intent_id, stranger = await made(api, order, buyer), await make.buyer()
    assert (await intend(api, order, stranger)).status_code == 404
    assert (await confirm(api, intent_id, stranger)).status_code == 404
    assert (await api.get(f"/api/v1/payments/status/{intent_id}", by=stranger)).status_code == 404
    assert bank.sandbox.transactions() == []


async def test_what_is_no_id_of_an_intent_is_not_repeated(api: Api, buyer: User) -> None:
    asked = await api.get("/api/v1/payments/status/hunter2-secret", by=buyer)
    for answer, place in ((asked, "path"), (await confirm(api, "hunter2-secret", buyer), "body")):
        assert assert_problem(answer, 422)["errors"] == [
            {"loc": [place, "intent_id"], "msg": "Input should be a UUID", "code": "uuid_parsing"}
        ]


async def test_what_cannot_be_paid_gets_none(api: Api, order: Order, buyer: User, rows: Rows) -> None:
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second'")
    answer = await intend(api, order, buyer)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/order-not-payable")
    assert await rows.count(PaymentIntent) == 0
