"""Paying an order: what is asked of the gateway, what is on record before it, and what is refused."""

import asyncio

import pytest

from mestore.core.idempotency import IdempotencyKey
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.models import Payment, PaymentEvent
from mestore.payments.states import PaymentStatus
from mestore.users.models import UserType
from tests.api import Api
from tests.make import PSE, Make
from tests.payments.bank import Bank
from tests.rows import Rows


async def test_pse_answers_with_the_banks_address(bank: Bank, make: Make, rows: Rows) -> None:
    order = await make.order()
    answer = await bank.pay(order)
    assert answer.status_code == 200
    attempt = answer.json()
    assert attempt["status"] == "PENDING"
    assert attempt["gateway"] == "wompi"
    assert "/pse/redirect?ticket_id=" in attempt["payment_url"]
    assert 0 <= attempt["fraud_score"] < 60
    assert attempt["instructions"] is None
    (at_wompi,) = bank.sandbox.transactions()
    payment = await rows.get(Payment, attempt["payment_id"])
    assert attempt["transaction_id"] == at_wompi["id"] == payment.gateway_transaction_id
    assert at_wompi["amount_in_cents"] == order.total_amount.cents
    assert at_wompi["reference"] == payment.reference
    assert [event.source for event in await rows.all(PaymentEvent)] == ["start"]
    assert (await rows.get(Order, order.id)).status is OrderStatus.PENDING


@pytest.mark.parametrize(
    ("method", "data", "settles"),
    [
        ("NEQUI", {"phone": "3991111111"}, "APPROVED"),
        ("NEQUI", {"phone": "3992222222"}, "DECLINED"),
        ("BANCOLOMBIA", {}, "PENDING"),
    ],
)
async def test_the_other_methods_reach_wompi(
    bank: Bank, api: Api, make: Make, rows: Rows, method: str, data: dict[str, str], settles: str
) -> None:
    order = await make.order()
    wanted = {"order_id": order.id, "payment_method": method, "payment_data": data}
    answer = await api.post("/api/v1/payments/process", wanted, by=await make.existing_user(order.buyer_id))
    assert answer.status_code == 200, answer.text
    assert [each["status"] for each in bank.sandbox.transactions()] == [settles]
    assert answer.json()["status"] in ("PENDING", settles)


async def test_a_visitor_may_not_pay(bank: Bank, api: Api, make: Make, rows: Rows) -> None:
    wanted = {"order_id": (await make.order()).id, "payment_method": "PSE", "payment_data": PSE}
    assert (await api.post("/api/v1/payments/process", wanted)).status_code == 401
    await nothing_was_tried(bank, rows)


async def test_an_administrator_may_not_pay(bank: Bank, make: Make, rows: Rows) -> None:
    assert (await bank.pay(await make.order(), by=await make.user(UserType.ADMIN))).status_code == 403
    await nothing_was_tried(bank, rows)


async def test_somebody_elses_order_is_absent(bank: Bank, api: Api, make: Make, rows: Rows) -> None:
    order, stranger = await make.order(), await make.buyer()
    answer = await bank.pay(order, by=stranger)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/order-not-found")
    assert (await api.get(f"/api/v1/payments/status/order/{order.id}", by=stranger)).status_code == 404
    await nothing_was_tried(bank, rows)


async def test_a_cancelled_order_can_not_be_paid(bank: Bank, make: Make, rows: Rows) -> None:
    order = await make.order()
    await rows.execute("UPDATE orders SET status = 'CANCELLED' WHERE id = :id", id=order.id)
    answer = await bank.pay(order)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/order-not-payable")
    assert answer.json()["order_status"] == "CANCELLED"
    await nothing_was_tried(bank, rows)


async def test_an_order_whose_hold_is_over_can_not_be_paid(bank: Bank, make: Make, rows: Rows) -> None:
    order = await make.order()
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = :id", id=order.id)
    answer = await bank.pay(order)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/order-not-payable")
    await nothing_was_tried(bank, rows)


@pytest.mark.parametrize(
    "data",
    [
        {"number": "4242424242424242", "cvc": "123"},
        {"token": "4242424242424242"},
        {"token": "tok_test_1", "number": "4242424242424242"},
    ],
)
async def test_a_card_number_never_comes_in(
    bank: Bank, api: Api, make: Make, rows: Rows, data: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    order = await make.order()
    wanted = {"order_id": order.id, "payment_method": "CARD", "payment_data": data}
    answer = await api.post("/api/v1/payments/process", wanted, by=await make.existing_user(order.buyer_id))
    assert answer.status_code == 422
    assert "42424242" not in answer.text + "".join(capsys.readouterr())
    await nothing_was_tried(bank, rows)


async def test_f56_a_second_attempt_waits_for_the_first(bank: Bank, make: Make, rows: Rows) -> None:
    order = await make.order()
    first = await bank.begun(order)
    second = await bank.pay(order)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/payment-in-progress")
    assert second.json()["payment_id"] == first.id
    assert await rows.count(Payment) == len(bank.sandbox.transactions()) == 1


async def test_f56_of_ten_attempts_at_once_one_is_made(bank: Bank, api: Api, make: Make, rows: Rows) -> None:
    order = await make.order()
    await api.token(buyer := await make.existing_user(order.buyer_id))
    answers = await asyncio.gather(*(bank.pay(order, by=buyer) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert await rows.count(Payment) == len(bank.sandbox.transactions()) == 1


async def test_a_declined_order_can_be_paid_again(bank: Bank, make: Make, rows: Rows, drain: object) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment, "DECLINED")
    await bank.deliver(payment)
    await drain()  # type: ignore[operator]
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.DECLINED
    assert (await rows.get(Order, order.id)).status is OrderStatus.PENDING
    second = await bank.begun(order)
    assert second.reference != payment.reference


async def test_paying_prolongs_the_hold_and_never_shortens_it(bank: Bank, make: Make, rows: Rows) -> None:
    soon, late = await make.order(), await make.order()
    await rows.execute("UPDATE orders SET expires_at = now() + interval '1 minute' WHERE id = :id", id=soon.id)
    await rows.execute("UPDATE orders SET expires_at = now() + interval '9 hours' WHERE id = :id", id=late.id)
    await bank.pay(soon)
    await bank.pay(late)
    minutes = await rows.execute("SELECT extract(epoch FROM expires_at - now()) / 60 FROM orders ORDER BY id")
    assert [round(each[0]) for each in minutes] == [60, 540]


async def test_fraud_is_declined_before_any_gateway_is_asked(bank: Bank, make: Make, rows: Rows) -> None:
    buyer = await make.buyer(email_verified=False)
    order = await make.order(buyer=buyer, units={(await make.product(price=12_000_000)).id: 1})
    for _ in range(10):
        await rows.execute(
            """INSERT INTO payments (order_id, buyer_id, gateway, method, reference, amount, currency, status,
                                     settles_order, fraud_score, fraud_reasons, expires_at, asks)
               VALUES (:order_id, :buyer_id, 'wompi', 'PSE', gen_random_uuid()::text, 1000, 'COP', 'DECLINED',
                       true, 0, '[]', now(), 0)""",
            order_id=order.id,
            buyer_id=buyer.id,
        )
    answer = await bank.pay(order)
    assert (answer.status_code, answer.json()["status"]) == (200, "DECLINED")
    assert answer.json()["fraud_score"] >= 80
    assert bank.sandbox.transactions() == []
    assert (await rows.all(Payment))[-1].fraud_reasons


async def test_f55_the_same_key_gives_the_same_answer_and_one_charge(bank: Bank, make: Make, rows: Rows) -> None:
    order, key = await make.order(), {"Idempotency-Key": "pay-1"}
    first = await bank.pay(order, headers=key)
    again = await bank.pay(order, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await rows.count(Payment) == len(bank.sandbox.transactions()) == 1


async def nothing_was_tried(bank: Bank, rows: Rows) -> None:
    assert await rows.count(Payment) == await rows.count(IdempotencyKey) == 0
    assert bank.sandbox.transactions() == []
