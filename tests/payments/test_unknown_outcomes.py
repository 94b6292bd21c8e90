"""When Wompi does not answer: what may have happened is asked after, and nothing is charged twice meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mestore.commissions.models import Commission
from mestore.core.idempotency import IdempotencyKey
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.gateways.base import Attempt
from mestore.payments.gateways.breaker import Breakers
from mestore.payments.gateways.routes import gateway_named
from mestore.payments.models import Payment
from mestore.payments.states import PaymentStatus
from mestore.payments.sweeper import ask_about_open_payments
from tests.make import PSE, Make
from tests.payments.bank import Bank
from tests.payments.counter import Counter
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
NEQUI: dict[str, Any] = {"method": "NEQUI", "data": {"phone": "3001234567"}}


async def sweep(world: World, rows: Rows) -> None:
    """The sweeper, with every attempt's time come."""
    await rows.execute("UPDATE payments SET ask_after = now() - interval '1 second' WHERE ask_after IS NOT NULL")
    await ask_about_open_payments(world)


async def test_f22_charged_then_timed_out_is_found_by_the_sweeper(
    bank: Bank, make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    order = await make.order()
    bank.sandbox.control("fail_next", call="POST /transactions", mode="timeout_after_processing", times=1)
    answer = await bank.pay(order)
    assert (answer.status_code, answer.json()["status"], answer.json()["payment_url"]) == (202, "PROCESSING", None)
    again = await bank.pay(order)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/payment-in-progress")
    payment = await rows.get(Payment, answer.json()["payment_id"])
    bank.decide(payment)
    await sweep(world, rows)
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED
    assert len(bank.sandbox.transactions()) == await rows.count(Commission) == 1


@pytest.mark.parametrize("mode", ["nul_200", "html_200", "500"])
async def test_f27_an_answer_that_is_none_keeps_no_other_attempt_back(
    bank: Bank, make: Make, rows: Rows, world: World, mode: str
) -> None:
    """Whichever is asked first."""
    attempts = [await bank.begun(await make.order()) for _ in range(2)]
    for attempt in attempts:
        bank.decide(attempt)
    bank.sandbox.control("fail_next", call="GET /transactions", mode=mode, times=1)
    await sweep(world, rows)
    told = sorted([(await rows.get(Payment, attempt.id)).status for attempt in attempts])
    assert told == [PaymentStatus.APPROVED, PaymentStatus.PENDING]


async def test_one_that_fails_keeps_no_other_back(bank: Bank, make: Make, rows: Rows, world: World) -> None:
    """As of a gateway that was taken out of the settings; in whichever order, it comes before one of the others."""
    before, gone, after = [await bank.begun(await make.order()) for _ in range(3)]
    for attempt in (before, after):
        bank.decide(attempt)
    await rows.execute("UPDATE payments SET gateway = 'gone' WHERE id = :id", id=gone.id)
    await sweep(world, rows)
    told = [(await rows.get(Payment, attempt.id)).status for attempt in (before, gone, after)]
    assert told == [PaymentStatus.APPROVED, PaymentStatus.PENDING, PaymentStatus.APPROVED]


async def test_f23_timed_out_and_never_charged_frees_the_order_after_the_grace(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    order = await make.order()
    bank.sandbox.control("fail_next", call="POST /transactions", mode="timeout_before_processing", times=1)
    answer = await bank.pay(order)
    assert (answer.status_code, answer.json()["status"]) == (202, "PROCESSING")
    await sweep(world, rows)
    first = await rows.get(Payment, answer.json()["payment_id"])
    assert (first.status, first.failure) == (PaymentStatus.ERROR, "the gateway never received it")
    second = await bank.begun(order)
    assert second.reference != first.reference


@pytest.mark.parametrize("mode", ["500", "502_html", "reset", "html_200", "redirect_302", "huge_200"])
async def test_f24_f27_an_answer_that_is_none_leaves_the_outcome_unknown(
    bank: Bank, make: Make, rows: Rows, mode: str
) -> None:
    order = await make.order()
    bank.sandbox.control("fail_next", call="POST /transactions", mode=mode, times=1)
    answer = await bank.pay(order)
    assert (answer.status_code, answer.json()["status"]) == (202, "PROCESSING")
    assert (await bank.pay(order)).status_code == 409
    assert (await rows.get(Order, order.id)).status is OrderStatus.PENDING


@pytest.mark.parametrize("mode", ["500", "reset", "timeout_before_processing", "html_200"])
async def test_what_fails_before_the_charge_charged_nothing(bank: Bank, make: Make, rows: Rows, mode: str) -> None:
    order = await make.order()
    bank.sandbox.control("fail_next", call="GET /merchants/info", mode=mode, times=1)
    # Nobody but Wompi takes it.
    answer = await bank.pay(order, **NEQUI, headers={"Idempotency-Key": "pay-1"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/gateway-away")
    assert int(answer.headers["Retry-After"]) > 0
    assert [payment.status for payment in await rows.all(Payment)] == [PaymentStatus.ERROR]
    assert await rows.count(IdempotencyKey) == 0
    assert (await bank.pay(order, **NEQUI, headers={"Idempotency-Key": "pay-1"})).status_code == 200
    assert len(bank.sandbox.transactions()) == 1


async def test_f26_a_gateway_with_too_many_requests_is_left_alone_as_long_as_it_says(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    order = await make.order()
    bank.sandbox.control("fail_next", call="POST /transactions", mode="429", times=1)
    answer = await bank.pay(order, **NEQUI)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/gateway-away")
    assert (answer.headers["Retry-After"], answer.json()["retry_after"]) == ("30", 30)
    assert [payment.status for payment in await rows.all(Payment)] == [PaymentStatus.ERROR]
    again = await bank.pay(await make.order(), **NEQUI)
    assert (again.status_code, 25 < int(again.headers["Retry-After"]) <= 30) == (503, True)
    assert (await rows.count(Payment), bank.sandbox.transactions()) == (1, []), "it was not asked"
    assert (await bank.pay(await make.order())).json()["gateway"] == "payu", "who has another way is sent there"
    later = replace(world, now=lambda: world.now() + timedelta(seconds=31))
    assert (await Breakers(world).standing("wompi")).state == "opened"
    assert (await Breakers(later).standing("wompi")).state == "half-opened"
    # Its time is over, also by the clock of the circuit itself, which is none of ours.
    kept = float(await world.redis.hget("breaker:wompi", "opened_at") or 0)
    await world.redis.hset("breaker:wompi", "opened_at", str(kept - 31))
    assert (await bank.pay(order, **NEQUI)).status_code == 200
    assert (await Breakers(world).standing("wompi")).state == "closed"


async def test_f28_reference_already_used_means_that_the_first_call_arrived(
    bank: Bank, make: Make, world: World
) -> None:
    payment = await bank.begun(await make.order())
    attempt = Attempt(
        reference=payment.reference,
        amount=payment.amount,
        method=payment.method,
        description="Pedido",
        customer_email="ana@example.co",
        customer_name="Ana Ruiz",
        customer_phone="+573001234567",
        return_url="https://shop.example/pago",
        details=PSE,
    )
    charge = await gateway_named("wompi", world).start(attempt)
    assert charge.transaction_id == payment.gateway_transaction_id
    assert len(bank.sandbox.transactions()) == 1


async def test_f31_a_webhook_that_never_comes_is_not_needed(bank: Bank, make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    await sweep(world, rows)
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert (await rows.get(Payment, payment.id)).ask_after is None


async def test_the_sweeper_asks_at_growing_intervals(bank: Bank, make: Make, rows: Rows, world: World) -> None:
    await bank.begun(await make.order())
    waits: list[Any] = []
    for _ in range(4):
        await sweep(world, rows)
        waits += await rows.execute("SELECT round(extract(epoch FROM ask_after - now())) FROM payments")
    assert [int(wait[0]) for wait in waits] == [600, 3_600, 10_800, 21_600]


async def test_a_gateway_that_is_away_costs_an_attempt_nothing(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    payment = await bank.begun(await make.order())
    bank.sandbox.control("fail_next", call="GET /transactions", mode="500", times=1)
    await sweep(world, rows)
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.PENDING
    assert (await rows.execute("SELECT ask_after > now() FROM payments"))[0][0]


async def test_k05_repeating_a_request_whose_process_died_recovers_the_address_of_the_bank(
    bank: Bank, make: Make, rows: Rows
) -> None:
    order, key = await make.order(), {"Idempotency-Key": "pay-1"}
    first = await bank.pay(order, headers=key)
    # What a crash after Wompi's answer leaves: the claim and the attempt, without their outcome.
    await rows.execute("UPDATE idempotency_keys SET body = NULL, status = NULL")
    await rows.execute("UPDATE payments SET status = 'PROCESSING', payment_url = NULL, gateway_transaction_id = NULL")
    waiting = await bank.pay(order, headers=key)
    assert (waiting.status_code, waiting.json()["type"]) == (409, "/problems/idempotency-key-in-use")
    await rows.execute("UPDATE idempotency_keys SET leased_until = now()")
    recovered = await bank.pay(order, headers=key)
    assert (recovered.status_code, recovered.json()) == (first.status_code, first.json())
    assert await rows.count(Payment) == len(bank.sandbox.transactions()) == 1


async def hosted_and_died(bank: Bank, rows: Rows, order: Order, key: dict[str, str]) -> None:
    """What a crash leaves right after a card that is to be typed at Wompi was put on record."""
    assert (await bank.pay(order, method="CARD", headers=key)).status_code == 200
    await rows.execute("UPDATE idempotency_keys SET body = NULL, status = NULL, leased_until = now()")
    await rows.execute("UPDATE payments SET status = 'PROCESSING', payment_url = NULL, gateway_transaction_id = NULL")


async def test_a_request_that_is_repeated_continues_no_other_request_s_attempt(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    order, key = await make.order(), {"Idempotency-Key": "card-1"}
    await hosted_and_died(bank, rows, order, key)
    await sweep(world, rows)
    bank.sandbox.control("fail_next", call="POST /transactions", mode="timeout_before_processing", times=1)
    other = await bank.pay(order, headers={"Idempotency-Key": "pse-1"})
    assert (other.status_code, other.json()["status"]) == (202, "PROCESSING")
    again = await bank.pay(order, method="CARD", headers=key)
    ended, open_one = sorted(await rows.all(Payment), key=lambda payment: payment.id)
    assert (again.status_code, again.json()["payment_id"], again.json()["status"]) == (200, ended.id, "ERROR")
    assert (open_one.status, open_one.gateway_transaction_id) == (PaymentStatus.PROCESSING, None)
    assert bank.sandbox.transactions() == []


async def test_repeated_while_its_gateway_is_not_asked_it_is_refused_and_the_order_is_free(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    order, key = await make.order(), {"Idempotency-Key": "card-1"}
    await hosted_and_died(bank, rows, order, key)
    await world.redis.hset("breaker:wompi", mapping={"state": "opened", "opened_at": str(world.now().timestamp())})
    refused = await bank.pay(order, method="CARD", headers=key)
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/gateway-away")
    assert [payment.status for payment in await rows.all(Payment)] == [PaymentStatus.ERROR]
    await world.redis.hset("breaker:wompi", mapping={"state": "closed", "opened_at": ""})
    assert (await bank.pay(order, method="CARD", headers=key)).json()["status"] == "PENDING"
    assert await rows.count(Payment) == 2


async def test_a_code_that_is_another_attempts_is_told_to_nobody(
    counter: Counter, make: Make, rows: Rows, world: World
) -> None:
    known, other = await counter.slip(await make.order()), await counter.slip(await make.order())
    await rows.execute("UPDATE payments SET code = NULL WHERE id = :id", id=other.id)
    await rows.execute("UPDATE payments SET code = :code WHERE id = :id", code=other.code, id=known.id)
    await sweep(world, rows)
    told = await rows.get(Payment, other.id)
    assert (told.code, told.status) == (None, PaymentStatus.PENDING)
    assert (await rows.get(Payment, known.id)).code == other.code
