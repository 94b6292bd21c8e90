"""What counters collected: from the network's file of a day, or by one code of which the gateway is asked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.commissions.models import Commission
from mestore.core.clock import COLOMBIA
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.orders.tasks import expire_unpaid_orders
from mestore.payments.collections.models import CollectionOutcome, CollectionRecord
from mestore.payments.models import CaseKind, Payment, PaymentCase, PaymentEvent
from mestore.payments.states import PaymentStatus
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.payments.counter import CONFIRM, Counter
from tests.problems import assert_problem, census
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
SEEN = "/api/v1/payments/efecty/validate"


@pytest.fixture(name="admin")
async def _admin(make: Make, api: Api) -> User:
    admin = await make.user(UserType.ADMIN)
    await api.token(admin)
    return admin


@pytest.fixture(name="slip")
async def _slip(counter: Counter, make: Make) -> Payment:
    return await counter.slip(await make.order())


def outcomes(report: dict[str, Any]) -> list[str]:
    return [each["outcome"] for each in report["collections"]]


async def cases(rows: Rows) -> list[tuple[CaseKind, Any]]:
    return [(case.kind, case.payment_id) for case in await rows.all(PaymentCase)]


async def give_up(rows: Rows, world: World, payment: Payment) -> None:
    """The order's time is over, and nobody paid."""
    past = "UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = :id"
    await rows.execute(past, id=payment.order_id)
    await expire_unpaid_orders(world)
    assert (await rows.get(Order, payment.order_id)).status is OrderStatus.CANCELLED


async def test_the_file_of_the_day_confirms_what_nobody_told_of(
    counter: Counter, rows: Rows, make: Make, world: World, drain: Drain, admin: User
) -> None:
    slips = [await counter.slip(await make.order()) for _ in range(2)]
    for slip in slips:
        counter.pay(slip)
    report = await counter.sent(admin, counter.file())
    await drain()
    total = slips[0].amount + slips[1].amount
    today = world.now().astimezone(COLOMBIA).date()
    assert report["file"] == {
        "entity": "007",
        "nit": "9012345678",
        "collected_on": today.isoformat(),
        "modifier": "A",
    }
    assert [(each["reference"], each["amount"], each["payment_id"]) for each in report["collections"]] == [
        (slip.code, str(slip.amount), slip.id) for slip in slips
    ]
    assert report["outcomes"] == [{"outcome": "CONFIRMED", "count": 2, "amount": str(total)}]
    assert (report["count"], report["total"]) == (2, str(total))
    assert {order.status for order in await rows.all(Order)} == {OrderStatus.CONFIRMED}
    assert {payment.status for payment in await rows.all(Payment)} == {PaymentStatus.APPROVED}
    said = [event for event in await rows.all(PaymentEvent) if event.source == "collection"]
    assert [(event.payment_id, event.amount) for event in said] == [(slip.id, slip.amount) for slip in slips]
    assert await rows.count(Commission) == 2
    assert await cases(rows) == []


async def test_the_same_file_again_tells_the_same_and_does_nothing(
    counter: Counter, rows: Rows, drain: Drain, admin: User, slip: Payment
) -> None:
    counter.pay(slip)
    counter.pay(slip, offline=True)
    file = counter.file("unknown_reference")
    first = await counter.sent(admin, file)
    await drain()
    before = await census(rows)
    again = await counter.sent(admin, file)
    assert outcomes(first) == ["CONFIRMED", "SECOND_PAYMENT", "UNKNOWN"]
    assert {each.pop("already") for each in first["collections"]} == {False}
    assert {each.pop("already") for each in again["collections"]} == {True}
    assert again == first
    assert await census(rows) == before


async def test_sent_many_times_at_once_each_line_has_one_effect(
    counter: Counter, rows: Rows, make: Make, drain: Drain, admin: User
) -> None:
    slips = [await counter.slip(await make.order()) for _ in range(3)]
    for slip in slips:
        counter.pay(slip)
    file = counter.file("unknown_reference")
    reports = await asyncio.gather(*(counter.sent(admin, file) for _ in range(8)))
    await drain()
    assert {tuple(outcomes(report)) for report in reports} == {("CONFIRMED", "CONFIRMED", "CONFIRMED", "UNKNOWN")}
    done = [not each["already"] for report in reports for each in report["collections"]]
    assert sum(done) == 4, "one of the eight did each line"
    assert await rows.count(CollectionRecord) == 4
    assert sum(event.source == "collection" for event in await rows.all(PaymentEvent)) == 3
    assert await rows.count(Commission) == 3
    assert await cases(rows) == [(CaseKind.UNMATCHED, None)]


async def test_what_was_announced_before_is_known_and_its_line_is_no_second_payment(
    api: Api, counter: Counter, rows: Rows, drain: Drain, admin: User, slip: Payment
) -> None:
    counter.pay(slip)
    body = counter.shop.notifications(slip.gateway_transaction_id)[0]["body"]
    headers = {"Content-Type": "application/json"}
    told = await api.request("POST", "/api/v1/payments/webhook/efecty", content=body.encode(), headers=headers)
    assert told.status_code == 200
    await drain()
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.CONFIRMED
    events = await rows.count(PaymentEvent)
    assert outcomes(await counter.sent(admin, counter.file())) == ["KNOWN"]
    assert (await rows.count(PaymentEvent), await cases(rows)) == (events, [])


async def test_f50_a_code_that_was_paid_twice_is_a_second_payment(
    counter: Counter, rows: Rows, drain: Drain, admin: User, slip: Payment
) -> None:
    counter.pay(slip)
    for _ in range(2):
        counter.pay(slip, offline=True)
    assert outcomes(await counter.sent(admin, counter.file())) == ["CONFIRMED", "SECOND_PAYMENT", "SECOND_PAYMENT"]
    await drain()
    found = await rows.all(PaymentCase)
    assert [(case.kind, case.payment_id) for case in found] == [(CaseKind.SECOND_PAYMENT, slip.id)] * 2
    assert {case.detail["charged"] for case in found} == {str(slip.amount)}
    assert await rows.count(Commission) == 1
    assert sum(event.source == "collection" for event in await rows.all(PaymentEvent)) == 1
    with pytest.raises(IntegrityError, match="uq_collections_first"):
        await rows.execute("UPDATE collections SET first = true")


async def test_a_line_that_stands_there_twice_counts_once(
    counter: Counter, rows: Rows, admin: User, slip: Payment
) -> None:
    counter.pay(slip)
    assert outcomes(await counter.sent(admin, counter.file("duplicate"))) == ["CONFIRMED", "SECOND_PAYMENT"]
    assert await cases(rows) == [(CaseKind.SECOND_PAYMENT, slip.id)]


@pytest.mark.parametrize(("pesos", "outcome"), [(-1, "UNDERPAID"), (1, "OVERPAID")])
async def test_another_amount_confirms_nothing(
    counter: Counter, rows: Rows, admin: User, slip: Payment, pesos: int, outcome: str
) -> None:
    counter.pay(slip, slip.amount + Money(pesos), offline=True)
    assert outcomes(await counter.sent(admin, counter.file())) == [outcome]
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.PENDING
    assert (await rows.get(Payment, slip.id)).status is PaymentStatus.ERROR
    assert await cases(rows) == [(CaseKind.MISMATCH, slip.id)]


async def test_another_amount_than_the_gateway_told_of_is_a_case_and_leaves_the_order(
    counter: Counter, rows: Rows, admin: User, slip: Payment
) -> None:
    counter.force(slip, "APROBADA")
    assert outcomes((await counter.tell(admin, slip)).json()) == ["CONFIRMED"]
    counter.pay(slip, slip.amount - Money(1_000), offline=True)
    assert outcomes(await counter.sent(admin, counter.file())) == ["UNDERPAID"]
    assert await cases(rows) == [(CaseKind.MISMATCH, slip.id)]
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.CONFIRMED


async def test_what_was_paid_late_is_shown_and_confirms_nothing(
    counter: Counter, rows: Rows, world: World, admin: User, slip: Payment
) -> None:
    await give_up(rows, world, slip)
    counter.pay(slip)
    await rows.execute("UPDATE products SET stock = 0")
    assert outcomes(await counter.sent(admin, counter.file())) == ["LATE"]
    assert await cases(rows) == [(CaseKind.LATE, slip.id)]
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.CANCELLED
    assert (await rows.get(Payment, slip.id)).settles_order is False


async def test_what_was_paid_late_pays_its_order_while_all_of_it_is_in_stock(
    counter: Counter, rows: Rows, world: World, admin: User, slip: Payment
) -> None:
    await give_up(rows, world, slip)
    counter.pay(slip)
    assert outcomes(await counter.sent(admin, counter.file())) == ["CONFIRMED"]
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.CONFIRMED


async def test_what_was_taken_back_before_is_late_too(counter: Counter, rows: Rows, admin: User, slip: Payment) -> None:
    counter.pay(slip, offline=True)
    await rows.execute("UPDATE payments SET status = 'VOIDED'")
    assert outcomes(await counter.sent(admin, counter.file())) == ["LATE"]
    assert await cases(rows) == [(CaseKind.LATE, slip.id)]


@pytest.mark.parametrize("paid", [True, False])
async def test_what_the_network_gave_back_is_no_payment(
    counter: Counter, rows: Rows, admin: User, slip: Payment, paid: bool
) -> None:
    counter.pay(slip)
    if paid:
        await counter.tell(admin, slip)
    lines = counter.file().split(b"\r\n")
    lines[2] = lines[2][:94] + b"R07" + lines[2][97:]
    assert outcomes(await counter.sent(admin, b"\r\n".join(lines))) == ["RETURNED"]
    assert await cases(rows) == ([(CaseKind.VOIDED, slip.id)] if paid else [])
    reached = PaymentStatus.APPROVED if paid else PaymentStatus.PENDING
    assert (await rows.get(Payment, slip.id)).status is reached


async def test_an_unknown_code_is_shown(counter: Counter, rows: Rows, admin: User) -> None:
    assert outcomes(await counter.sent(admin, counter.file("unknown_reference"))) == ["UNKNOWN"]
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.payment_id) == (CaseKind.UNMATCHED, None)
    assert (case.detail["reference"], case.detail["charged"]) == ("999999999999", "50000.00")
    (record,) = await rows.all(CollectionRecord)
    assert case.gateway_transaction_id == record.key


async def test_a_code_that_begins_with_zeros_is_found(counter: Counter, rows: Rows, admin: User, slip: Payment) -> None:
    counter.pay(slip)
    await rows.execute("UPDATE payments SET code = '00' || code")
    assert outcomes(await counter.sent(admin, counter.file())) == ["CONFIRMED"]


@pytest.mark.parametrize("wrong", ["total", "count", "short_line"])
async def test_a_file_that_contradicts_itself_changes_nothing(
    counter: Counter, rows: Rows, admin: User, slip: Payment, wrong: str
) -> None:
    counter.pay(slip)
    before = await census(rows)
    problem = assert_problem(await counter.send(admin, counter.file(wrong)), 422)
    assert problem["type"] == "/problems/collection-file-refused"
    assert problem["line"] > 0
    assert problem["reason"]
    assert (await census(rows), (await rows.get(Payment, slip.id)).status) == (before, PaymentStatus.PENDING)


async def test_what_is_no_file_is_refused(api: Api, counter: Counter, rows: Rows, world: World, admin: User) -> None:
    before = await census(rows)
    assert assert_problem(await counter.send(admin, b""), 422)["line"] == 0
    most = world.settings.payments.max_collection_file_bytes
    assert_problem(await counter.send(admin, b"0" * (most + 1)), 413)
    assert_problem(await counter.send(admin, b"0" * (most + 100_000)), 413)
    assert_problem(await api.post(CONFIRM, files={"other": b"01"}, by=admin), 422)
    assert_problem(await api.post(CONFIRM, content=b"01", headers={"Content-Type": "text/plain"}, by=admin), 415)
    assert_problem(await api.post(CONFIRM, by=admin), 415)
    assert await census(rows) == before


async def test_a_file_that_broke_off_is_sent_again(
    counter: Counter, rows: Rows, make: Make, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slips = [await counter.slip(await make.order()) for _ in range(3)]
    for slip in slips:
        counter.pay(slip)
    file, after = counter.file(), iter(range(2))

    def break_off(point: str) -> None:
        if point == "collection_taken" and next(after, None) is None:
            raise ConnectionError(point)

    with monkeypatch.context() as broken:
        broken.setattr("mestore.payments.collections.service.failpoint", break_off)
        assert (await counter.send(admin, file)).status_code >= 500
    assert await rows.count(CollectionRecord) == 3
    report = await counter.sent(admin, file)
    assert outcomes(report) == ["CONFIRMED"] * 3
    assert sum(event.source == "collection" for event in await rows.all(PaymentEvent)) == 3


async def test_of_one_code_the_gateway_is_asked(
    counter: Counter, rows: Rows, drain: Drain, admin: User, slip: Payment
) -> None:
    waiting = await counter.tell(admin, slip)
    assert (waiting.status_code, outcomes(waiting.json())) == (202, ["PENDING"])
    assert await rows.count(CollectionRecord) == 0
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.PENDING
    counter.pay(slip)
    done = await counter.tell(admin, slip, paid_at="2026-11-01T10:00:00-05:00")
    await drain()
    assert (done.status_code, outcomes(done.json()), done.json()["file"]) == (200, ["CONFIRMED"], None)
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.CONFIRMED
    before = await census(rows)
    again = (await counter.tell(admin, slip)).json()
    assert (outcomes(again), again["collections"][0]["already"]) == (["CONFIRMED"], True)
    assert await census(rows) == before
    other = (await counter.tell(admin, slip, reference="004513")).json()
    assert outcomes(other) == ["KNOWN"]
    assert outcomes(await counter.sent(admin, counter.file())) == ["KNOWN"], "the file of the day comes after it"
    assert await cases(rows) == []


async def test_one_code_told_many_times_at_once_is_confirmed_once(
    counter: Counter, rows: Rows, drain: Drain, admin: User, slip: Payment
) -> None:
    counter.pay(slip)
    answers = await asyncio.gather(*(counter.tell(admin, slip) for _ in range(8)))
    await drain()
    assert {answer.status_code for answer in answers} == {200}
    assert sum(not answer.json()["collections"][0]["already"] for answer in answers) == 1
    assert (await rows.count(CollectionRecord), await rows.count(Commission)) == (1, 1)
    assert sum(event.source == "collection" for event in await rows.all(PaymentEvent)) == 1


async def test_a_code_that_was_not_paid_is_told_apart(counter: Counter, rows: Rows, admin: User, slip: Payment) -> None:
    counter.fail()
    before = await census(rows)
    assert assert_problem(await counter.tell(admin, slip), 503)["type"] == "/problems/gateway-silent"
    assert_problem(await counter.tell(admin, slip, code="326000000001"), 404)
    assert await census(rows) == before
    counter.force(slip, "VENCIDA")
    problem = assert_problem(await counter.tell(admin, slip), 409)
    assert (problem["type"], problem["payment_status"]) == ("/problems/code-not-paid", "EXPIRED")
    assert (await rows.get(Payment, slip.id)).status is PaymentStatus.EXPIRED, "that it knows for sure stays"
    await rows.execute("UPDATE payments SET reference = reference || '0'")
    assert assert_problem(await counter.tell(admin, slip), 409)["payment_status"] is None


async def test_only_the_gateway_says_how_much(counter: Counter, rows: Rows, admin: User, slip: Payment) -> None:
    counter.pay(slip)
    before = await census(rows)
    more = str(slip.amount + Money(1_000))
    problem = assert_problem(await counter.tell(admin, slip, amount=more), 409)
    assert (problem["type"], problem["collected_amount"]) == ("/problems/collected-otherwise", str(slip.amount))
    assert await census(rows) == before


async def test_the_gateway_may_say_that_too_little_was_paid(
    counter: Counter, rows: Rows, admin: User, slip: Payment
) -> None:
    counter.force(slip, "APROBADA", amount=30_000)
    assert outcomes((await counter.tell(admin, slip, amount="30000.00")).json()) == ["UNDERPAID"]
    assert await cases(rows) == [(CaseKind.MISMATCH, slip.id)]
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.PENDING


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"amount": 80_000}, 422),
        ({"amount": "0.50"}, 422),
        ({"reference": "a b"}, 422),
        ({"reference": ""}, 422),
        ({"code": "1"}, 422),
        ({"code": "٣٢٦٠٠٠٠٩٥٦٠١"}, 422),
        ({"paid_at": "2026-11-24T15:04:05"}, 422),
        ({"paid_at": 1_790_000_000}, 422),
        ({"paid_at": "2999-01-01T00:00:00Z"}, 422),
        ({"status": "APPROVED"}, 422),
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(
    counter: Counter, rows: Rows, admin: User, slip: Payment, changes: dict[str, Any], status: int
) -> None:
    counter.pay(slip)
    before = await census(rows)
    assert_problem(await counter.tell(admin, slip, **changes), status)
    assert await census(rows) == before


async def test_a_broken_body_is_refused(api: Api, rows: Rows, admin: User) -> None:
    before = await census(rows)
    headers = {"Content-Type": "application/json"}
    for content in (b"{", b'{"code": "1", "code": "2"}'):
        assert_problem(await api.post(CONFIRM, content=content, headers=headers, by=admin), 400)
    assert_problem(await api.post(CONFIRM, content=b"[]", headers=headers, by=admin), 422)
    assert await census(rows) == before


async def test_only_staff_brings_collections_in(
    counter: Counter, make: Make, rows: Rows, slip: Payment, admin: User
) -> None:
    counter.pay(slip)
    file, shop = counter.file(), await make.vendor()
    owner, buyer = await make.owner(shop), await make.existing_user(slip.buyer_id)
    for who, status in ((None, 401), (buyer, 403), (owner, 403)):
        assert_problem(await counter.send(who, file), status)
        assert_problem(await counter.tell(who, slip), status)
    assert (await rows.count(CollectionRecord), (await rows.get(Payment, slip.id)).status) == (
        0,
        PaymentStatus.PENDING,
    )


async def test_a_code_tells_the_truth_about_itself(
    api: Api, counter: Counter, make: Make, rows: Rows, world: World, drain: Drain, slip: Payment
) -> None:
    buyer = await make.existing_user(slip.buyer_id)
    order = await rows.get(Order, slip.order_id)
    seen = (await api.get(f"{SEEN}/{slip.code}", by=buyer)).json()
    assert slip.code_expires_at is not None
    known_at = seen.pop("known_at")
    assert seen == {
        "code": slip.code,
        "valid": True,
        "status": "PENDING",
        "amount": str(slip.amount),
        "expires_at": slip.code_expires_at.isoformat().replace("+00:00", "Z"),
        "order_number": order.order_number,
        "reason": None,
    }
    counter.fail()
    stale = (await api.get(f"{SEEN}/{slip.code}", by=buyer)).json()
    (event,) = await rows.all(PaymentEvent)
    assert stale["valid"]
    assert stale["known_at"] == event.at.isoformat().replace("+00:00", "Z") < known_at
    counter.pay(slip)
    paid = (await api.get(f"{SEEN}/{slip.code}", by=buyer)).json()
    assert (paid["valid"], paid["status"], paid["reason"]) == (False, "APPROVED", "PAID")
    await drain()
    assert (await rows.get(Order, slip.order_id)).status is OrderStatus.CONFIRMED
    assert await rows.count(Commission) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE payments SET status = 'EXPIRED'", "EXPIRED"),
        ("UPDATE payments SET code_expires_at = now() - interval '1 second'", "EXPIRED"),
        ("UPDATE payments SET status = 'ERROR'", "CANCELLED"),
        ("UPDATE payments SET status = 'PROCESSING'", "UNCONFIRMED"),
        ("UPDATE payments SET status = 'REFUNDED'", "PAID"),
    ],
)
async def test_a_code_says_why_it_is_not_valid(
    api: Api, rows: Rows, admin: User, slip: Payment, change: str, reason: str
) -> None:
    await rows.execute(change)
    seen = (await api.get(f"{SEEN}/{slip.code}", by=admin)).json()
    assert (seen["valid"], seen["reason"]) == (False, reason)


async def test_a_code_of_an_order_that_was_given_up_is_not_valid(
    api: Api, rows: Rows, world: World, admin: User, slip: Payment
) -> None:
    await give_up(rows, world, slip)
    seen = (await api.get(f"{SEEN}/{slip.code}", by=admin)).json()
    assert (seen["valid"], seen["reason"]) == (False, "ORDER_NOT_PAYABLE")


async def test_asking_for_a_code_does_not_use_up_the_sweeper(api: Api, rows: Rows, admin: User, slip: Payment) -> None:
    before = (await rows.get(Payment, slip.id)).asks
    for _ in range(3):
        assert (await api.get(f"{SEEN}/{slip.code}", by=admin)).status_code == 200
    assert (await rows.get(Payment, slip.id)).asks == before
    assert await rows.count(PaymentEvent) == 1


async def test_only_its_buyer_and_staff_see_a_code(api: Api, make: Make, slip: Payment, admin: User) -> None:
    buyer, stranger, shop = await make.existing_user(slip.buyer_id), await make.buyer(), await make.vendor()
    for who, status in ((None, 401), (stranger, 404), (await make.owner(shop), 404), (buyer, 200), (admin, 200)):
        assert (await api.get(f"{SEEN}/{slip.code}", by=who)).status_code == status
    assert_problem(await api.get(f"{SEEN}/326000000001", by=admin), 404)
    assert_problem(await api.get(f"{SEEN}/a%20b", by=admin), 422)


async def test_the_day_of_a_receipt_is_colombias(counter: Counter, rows: Rows, admin: User, slip: Payment) -> None:
    counter.pay(slip)
    await counter.tell(admin, slip, paid_at="2026-11-02T03:00:00Z")
    (record,) = await rows.all(CollectionRecord)
    assert (str(record.collected_on), record.outcome) == ("2026-11-01", CollectionOutcome.CONFIRMED)
