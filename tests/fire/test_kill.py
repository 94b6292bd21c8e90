"""kill -9 at each step from the order to the mails: after a restart, exactly one effect."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.models import Payment
from mestore.payments.states import PaymentStatus
from mestore.users.models import User
from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.make import PSE, SHIPPING, Make
from tests.rows import Rows

PATIENCE = 30


async def becomes(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it, but not for ever."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


class Story:
    """One order of two packages on its way, told by the rows it leaves."""

    def __init__(self, system: RunningSystem, api: Api, make: Make, rows: Rows) -> None:
        self.system, self.api, self.make, self.rows = system, api, make, rows
        self.order: Order
        self._buyer: User

    async def order_placed(self) -> None:
        units = {(await self.make.product(stock=5)).id: 1, (await self.make.product(stock=5)).id: 2}
        self.order = await self.make.order(units=units)

    async def pay(self, key: str = "pay") -> httpx.Response:
        wanted = {"order_id": self.order.id, "payment_method": "PSE", "payment_data": PSE}
        buyer = await self.make.existing_user(self.order.buyer_id)
        headers = {"Idempotency-Key": f"{key}-{self.order.id}"}
        return await self.api.post("/api/v1/payments/process", wanted, by=buyer, headers=headers)

    async def order_body(self) -> dict[str, Any]:
        """A request of a new buyer, for the same products."""
        self._buyer = await self.make.buyer()
        products = await self.rows.execute("SELECT product_id FROM order_items WHERE order_id = :id", id=self.order.id)
        items = [{"product_id": str(product_id), "quantity": 1} for (product_id,) in products]
        return {"items": items, "shipping_info": SHIPPING}

    async def place(self, body: dict[str, Any]) -> httpx.Response:
        headers = {"Idempotency-Key": f"order-{self._buyer.id}"}
        return await self.api.post("/api/v1/orders", body, by=self._buyer, headers=headers)

    async def orders_of_buyer(self) -> int:
        return len([order for order in await self.rows.all(Order) if order.buyer_id == self._buyer.id])

    async def tell(self, event: dict[str, Any]) -> httpx.Response:
        return await self.api.request(
            "POST", "/api/v1/payments/webhook", content=event["body"].encode(), headers=event["headers"]
        )

    def takes_events(self, event: dict[str, Any]) -> Callable[[], Awaitable[bool]]:
        async def tried() -> bool:
            return (await self.tell(event)).status_code == httpx.codes.OK

        return tried

    async def wompi_has_it(self) -> bool:
        """Once."""
        found = [
            each for each in self.system.sandbox.transactions() if self.order.order_number in str(each["reference"])
        ]
        assert len(found) <= 1
        return bool(found)

    async def hurry_the_sweeper(self) -> None:
        await self.rows.execute("UPDATE payments SET ask_after = now() WHERE order_id = :id", id=self.order.id)

    async def can_be_paid_again(self) -> bool:
        return {payment.status for payment in await self.payments()} == {PaymentStatus.ERROR}

    async def payments(self) -> list[Payment]:
        return [payment for payment in await self.rows.all(Payment) if payment.order_id == self.order.id]

    async def approved_at_the_bank(self) -> None:
        (payment,) = await self.payments()
        self.system.sandbox.control("force_outcome", reference=payment.reference, status="APPROVED")

    async def is_confirmed(self) -> bool:
        return (await self.rows.get(Order, self.order.id)).status is OrderStatus.CONFIRMED

    async def untouched(self) -> None:
        """Nothing of an approval can be seen."""
        assert (await self.rows.get(Order, self.order.id)).status is OrderStatus.PENDING
        (payment,) = await self.payments()
        assert payment.status is PaymentStatus.PENDING
        assert await self._count("commissions") == 0
        assert await self._count("stock_holds", "state = 'OPEN'") == 2

    async def has_exactly_one_effect(self, *, copies: int = 0) -> None:
        """Confirmed once, sold once, one commission per package, one mail per receiver and `copies` of it."""
        await becomes(self.is_confirmed)
        await becomes(self.has_all_mails)
        assert await self._count("commissions") == 2
        assert await self._count("order_history", "to_status = 'CONFIRMED'") == 1
        assert await self._count("stock_holds", "state = 'SOLD'") == 2
        sold = await self.rows.execute(
            "SELECT p.stock, p.reserved, i.quantity FROM products p JOIN order_items i ON i.product_id = p.id"
            " WHERE i.order_id = :id",
            id=self.order.id,
        )
        assert all((stock, reserved) == (5 - quantity, 0) for stock, reserved, quantity in sold)
        mails = self.mails()
        assert len(mails) == len({mail["message_id"] for mail in mails}) + copies
        assert len({mail["message_id"] for mail in mails}) == len({str(mail["to"]) for mail in mails}) == 3

    async def times_kept(self, event: dict[str, Any]) -> int:
        transaction = json.loads(event["body"])["data"]["transaction"]["id"]
        kept = await self.rows.execute(
            "SELECT count(*) FROM gateway_events WHERE transaction_id = :transaction", transaction=transaction
        )
        return int(kept[0][0])

    def mails(self) -> list[dict[str, Any]]:
        return [mail for mail in self.system.sandbox.mails() if self.order.order_number in mail["subject"]]

    async def has_all_mails(self) -> bool:
        sent = await self.rows.execute(
            "SELECT count(*) FROM messages WHERE fact LIKE :fact AND status = 'SENT'",
            fact=f"order_confirmed:{self.order.id}%",
        )
        return bool(sent[0][0] == 3)

    async def _count(self, table: str, condition: str = "true") -> int:
        found = await self.rows.execute(
            f"SELECT count(*) FROM {table} WHERE order_id = :id AND {condition}", id=self.order.id
        )
        return int(found[0][0])


@pytest.fixture
async def story(system: RunningSystem, api: Api, make: Make, rows: Rows) -> AsyncIterator[Story]:
    story = Story(system, api, make, rows)
    await story.order_placed()
    yield story
    system.sandbox.control("events", paused=False)  # the next test has the same sandbox
    assert "refused to gracefully stop" not in system.log("api"), "a starting worker swallowed a SIGTERM"


async def test_nobody_is_killed(story: Story) -> None:
    assert (await story.pay()).status_code == 200
    await story.approved_at_the_bank()
    await story.has_exactly_one_effect()


@pytest.mark.parametrize("step", range(1, 7))
async def test_k10_the_worker_dies_at_each_step_of_applying(story: Story, step: int) -> None:
    """Event recorded, payment approved, order moved, stock sold, jobs queued, inbox marked: all or nothing."""
    await story.pay()
    story.system.restart("worker", failpoints={f"applying@{step}": "kill"})
    await story.approved_at_the_bank()
    assert story.system.ended("worker") == -9
    await story.untouched()
    story.system.restart("worker")
    await story.has_exactly_one_effect()


async def test_k08_the_api_dies_after_keeping_an_event(story: Story) -> None:
    """Wompi sees a reset and tells it again; the second telling finds the first."""
    await story.pay()
    (payment,) = await story.payments()
    story.system.sandbox.control("events", paused=True)
    await story.approved_at_the_bank()
    event = story.system.sandbox.events(payment.reference)[0]
    story.system.restart("api", failpoints={"event_stored": "kill"})
    with pytest.raises(httpx.TransportError):
        await story.tell(event)
    story.system.restart("api")
    assert (await story.tell(event)).status_code == 200
    story.system.sandbox.control("events", paused=False)
    await story.has_exactly_one_effect()


async def test_k09_the_worker_dies_with_a_job_in_its_hands(story: Story) -> None:
    await story.pay()
    story.system.restart("worker", failpoints={"job_claimed": "kill"})
    await story.approved_at_the_bank()
    assert story.system.ended("worker") == -9
    await story.untouched()
    story.system.restart("worker")
    await story.has_exactly_one_effect()


async def test_k12_the_worker_dies_before_a_mail_leaves(story: Story) -> None:
    await story.pay()
    story.system.restart("worker", failpoints={"before_smtp": "kill"})
    await story.approved_at_the_bank()
    assert story.system.ended("worker") == -9
    story.system.restart("worker")
    await story.has_exactly_one_effect()


async def test_k13_the_worker_dies_after_a_mail_left(story: Story) -> None:
    """The only copy that is allowed: with the same Message-ID, so that a mailbox can tell."""
    await story.pay()
    story.system.restart("worker", failpoints={"after_smtp": "kill"})
    await story.approved_at_the_bank()
    assert story.system.ended("worker") == -9
    story.system.restart("worker")
    await becomes(story.has_all_mails)
    ids = [mail["message_id"] for mail in story.mails()]
    assert len(set(ids)) == 3
    assert 3 < len(ids) <= 6


async def test_k01_the_api_dies_before_an_order_is_committed(story: Story) -> None:
    body = await story.order_body()
    story.system.restart("api", failpoints={"before_request_commit": "kill"})
    with pytest.raises(httpx.TransportError):
        await story.place(body)
    story.system.restart("api")
    assert await story.orders_of_buyer() == 0
    assert (await story.place(body)).status_code == 201
    assert await story.orders_of_buyer() == 1


async def test_k02_the_api_dies_after_an_order_was_committed(story: Story) -> None:
    """The client saw a reset; its retry with the same key gives the answer that was lost, and no second order."""
    body = await story.order_body()
    story.system.restart("api", failpoints={"after_request_commit": "kill"})
    with pytest.raises(httpx.TransportError):
        await story.place(body)
    story.system.restart("api")
    assert await story.orders_of_buyer() == 1
    answer = await story.place(body)
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert await story.orders_of_buyer() == 1


async def test_k03_the_api_dies_before_the_gateway_is_called(story: Story) -> None:
    story.system.stop("worker")  # so that nothing is swept before it was seen
    story.system.restart("api", failpoints={"after_payment_row": "kill"})
    with pytest.raises(httpx.TransportError):
        await story.pay()
    story.system.restart("api")
    (payment,) = await story.payments()
    assert payment.status is PaymentStatus.PROCESSING
    assert (await story.pay("another")).status_code == 409
    story.system.start("worker")
    await story.hurry_the_sweeper()
    await becomes(story.can_be_paid_again)
    assert (await story.pay("again")).status_code == 200


async def test_k05_the_api_dies_with_the_gateways_answer_in_its_hands(story: Story) -> None:
    """Wompi has the transaction, we have not its answer: never a second charge, and the sweeper finds the first."""
    story.system.restart("api", failpoints={"after_gateway_answer": "kill"})
    with pytest.raises(httpx.TransportError):
        await story.pay()
    story.system.restart("api")
    assert (await story.pay("another")).status_code == 409
    await story.approved_at_the_bank()
    await story.has_exactly_one_effect()
    at_wompi = [each for each in story.system.sandbox.transactions() if story.order.order_number in each["reference"]]
    assert len(at_wompi) == 1


async def test_k04_the_api_dies_while_the_gateway_has_the_call(story: Story) -> None:
    """Wompi made the transaction and we never heard: it is asked for by our reference, and nothing is made twice."""
    story.system.stop("worker")
    story.system.sandbox.control("fail_next", call="POST /transactions", mode="timeout_after_processing", times=1)
    paying = asyncio.create_task(story.pay())
    await becomes(story.wompi_has_it)
    story.system.kill("api")
    with pytest.raises(httpx.TransportError):
        await paying
    story.system.restart("api")
    (payment,) = await story.payments()
    assert payment.status is PaymentStatus.PROCESSING
    assert (await story.pay("another")).status_code == 409
    story.system.start("worker")
    await story.approved_at_the_bank()
    await story.hurry_the_sweeper()
    await story.has_exactly_one_effect()
    assert await story.wompi_has_it()


async def test_k06_the_api_dies_with_its_own_answer_in_its_hands(story: Story) -> None:
    story.system.restart("api", failpoints={"after_request_commit": "kill"})
    with pytest.raises(httpx.TransportError):
        await story.pay()
    story.system.restart("api")
    (payment,) = await story.payments()
    answer = await story.pay()
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")
    assert answer.json()["payment_url"] == payment.payment_url is not None
    assert len(await story.payments()) == 1
    assert await story.wompi_has_it()


async def test_k07_the_api_dies_before_an_event_is_kept(story: Story) -> None:
    """Wompi sees a reset, and tells it again."""
    event = await _announced(story)
    story.system.restart("api", failpoints={"keeping_event": "kill"})
    with pytest.raises(httpx.TransportError):
        await story.tell(event)
    story.system.restart("api")
    assert await story.times_kept(event) == 0
    await story.untouched()
    assert (await story.tell(event)).status_code == 200
    await story.has_exactly_one_effect()
    assert await story.times_kept(event) == 1


async def test_f48_without_its_database_an_event_is_not_acknowledged(story: Story) -> None:
    event = await _announced(story)
    story.system.kill("postgres")
    assert (await story.tell(event)).status_code == 503
    story.system.restart("postgres")
    await becomes(story.takes_events(event))
    await story.has_exactly_one_effect()


async def _announced(story: Story) -> dict[str, Any]:
    """An event that Wompi has made and not yet sent."""
    await story.pay()
    (payment,) = await story.payments()
    story.system.sandbox.control("events", paused=True)
    await story.approved_at_the_bank()
    event: dict[str, Any] = story.system.sandbox.events(payment.reference)[0]
    return event
