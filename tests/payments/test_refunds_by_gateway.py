"""Refunds that a gateway sends: each once, whatever answers, dies or comes twice on the way."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from mestore.commissions.models import Commission, CommissionReversal, CommissionStatus
from mestore.core import failpoints
from mestore.core.failpoints import FailpointReached
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.events import RefundDue
from mestore.orders.models import Order, Package
from mestore.orders.states import OrderStatus
from mestore.payments.events import RefundRequested
from mestore.payments.models import CaseKind, Payment, PaymentCase, Refund
from mestore.payments.refunds.tasks import open_refund, send_due_refunds, send_refund
from mestore.payments.states import ASK_AGAIN, PaymentStatus, RefundStatus
from mestore.users.models import UserType
from tests.api import Api
from tests.make import Make
from tests.payments.card_bank import AN_HOUR, CardBank
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
VOID, PART = "POST /transactions/{id}/void", "POST /refunds"
A_PART = Money(30_000)


@pytest.fixture
def armed() -> Iterator[Callable[[str], None]]:
    """This process fails at a place; never after the test."""
    yield lambda place: failpoints.arm({place: "raise"})
    failpoints.arm({})


async def owed(cards: CardBank, rows: Rows, world: World, amount: Money | None = None) -> Refund:
    """Of a new order that was paid by card, all or so much; nobody has sent it yet."""
    order = await cards.order()
    await cards.paid(order)
    package = next(each for each in await rows.all(Package) if each.order_id == order.id)
    await open_refund(
        world, RefundDue(order.id, package.id, f"package:{package.id}:cancelled", str(amount or package.total))
    )
    return (await rows.all(Refund))[-1]


async def send(world: World, refund: Refund) -> None:
    await send_refund(world, RefundRequested(refund.id))


async def test_all_of_a_card_payment_is_voided(cards: CardBank, rows: Rows) -> None:
    order = await cards.order()
    await cards.paid(order)
    await cards.cancel(order)
    refund = await cards.refund()
    assert (refund.status, refund.amount) == (RefundStatus.PROCESSING, order.total_amount)
    await cards.sweep()
    assert (await cards.refund()).status is RefundStatus.PROCESSING, "Wompi took it, and has not done it yet"
    cards.sandbox.control("advance_clock", seconds=AN_HOUR)
    await cards.sweep()
    refund = await cards.refund()
    assert (refund.status, refund.made_by, refund.ask_after) == (RefundStatus.MADE, None, None)
    assert (refund.reference, cards.at_wompi()) == (cards.sandbox.transactions()[0]["id"], [])
    assert (await rows.all(Payment))[0].status is PaymentStatus.REFUNDED
    assert [row.status for row in await rows.all(Commission)] == [CommissionStatus.REVERSED]
    assert await rows.execute("SELECT fact FROM messages WHERE template = 'refund_made'")


async def test_a_void_of_ours_that_comes_back_as_an_event_counts_once(
    cards: CardBank, rows: Rows, drain: Drain
) -> None:
    order = await cards.order()
    payment = await cards.paid(order)
    await cards.cancel(order)
    cards.sandbox.control("advance_clock", seconds=AN_HOUR)
    await cards.bank.deliver(payment)
    await drain()
    await cards.sweep()
    refund = await cards.refund()
    assert (refund.status, refund.amount) == (RefundStatus.MADE, order.total_amount)
    assert (await rows.all(Payment))[0].status in (PaymentStatus.REFUNDED, PaymentStatus.VOIDED)
    assert await rows.count(CommissionReversal) == 1


async def test_parts_go_back_each_by_a_refund_of_its_own(cards: CardBank, rows: Rows) -> None:
    order = await cards.order(50_000, 80_000)
    await cards.paid(order)
    await cards.cancel(order)
    refunds = await rows.all(Refund)
    assert {each.status for each in refunds} == {RefundStatus.PROCESSING}
    asked = {each["reference"]: each["amount_in_cents"] for each in cards.at_wompi()}
    assert asked == {f"refund-{each.id}": each.amount.cents for each in refunds}
    cards.sandbox.control("decide_refund", reference=f"refund-{refunds[0].id}", status="APPROVED")
    await cards.sweep()
    assert [each.status for each in await rows.all(Refund)] == [RefundStatus.MADE, RefundStatus.PROCESSING]
    assert (await rows.all(Payment))[0].status is PaymentStatus.PARTIALLY_REFUNDED
    cards.sandbox.control("decide_refund", reference=f"refund-{refunds[1].id}", status="APPROVED")
    await cards.sweep()
    assert {each.status for each in await rows.all(Refund)} == {RefundStatus.MADE}
    assert (await rows.all(Payment))[0].status is PaymentStatus.REFUNDED
    assert {each.reference for each in await rows.all(Refund)} == {each["v2_refund_id"] for each in cards.at_wompi()}


@pytest.mark.parametrize("call", [VOID, PART])
async def test_sent_by_many_at_once_it_is_sent_once(cards: CardBank, rows: Rows, world: World, call: str) -> None:
    refund = await owed(cards, rows, world, A_PART if call == PART else None)
    await asyncio.gather(*(send(world, refund) for _ in range(6)), send_due_refunds(world))
    assert (await cards.refund()).status is RefundStatus.PROCESSING
    if call == PART:
        assert len(cards.at_wompi()) == 1


@pytest.mark.parametrize("mode", ["timeout_after_processing", "500", "502_html", "html_200", "reset"])
async def test_what_is_not_answered_is_unknown_and_never_sent_twice(
    cards: CardBank, rows: Rows, world: World, mode: str
) -> None:
    refund = await owed(cards, rows, world, A_PART)
    cards.sandbox.control("fail_next", call=PART, mode=mode)
    await send(world, refund)
    assert (await cards.refund()).status is RefundStatus.PROCESSING
    await send(world, refund)
    assert len(cards.at_wompi()) == (mode == "timeout_after_processing"), "sent again before it was asked about"
    for _ in range(3):
        await cards.sweep()
    assert (await cards.refund()).status is RefundStatus.PROCESSING
    assert len(cards.at_wompi()) == 1
    cards.sandbox.control("decide_refund", reference=f"refund-{refund.id}", status="APPROVED")
    await cards.sweep()
    assert (await cards.refund()).status is RefundStatus.MADE


async def test_all_of_it_paid_back_by_an_administrator_calls_no_order_off(
    cards: CardBank, api: Api, make: Make, rows: Rows, drain: Drain
) -> None:
    """A void that we asked for ourselves is no chargeback."""
    order = await cards.order()
    payment = await cards.paid(order)
    wanted = {"amount": str(payment.amount), "reason": "todo"}
    answer = await api.post(f"/api/v1/payments/{payment.id}/refunds", wanted, by=await make.user(UserType.ADMIN))
    assert answer.status_code == 201
    await drain()
    cards.sandbox.control("advance_clock", seconds=AN_HOUR)
    await cards.bank.deliver(payment)
    await drain()
    await cards.sweep()
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.REFUNDED
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert await rows.all(PaymentCase) == []
    # Called off afterwards, nothing more is owed.
    await cards.cancel(order)
    assert ((await cards.refund()).status, await rows.all(PaymentCase)) == (RefundStatus.MADE, [])
    assert [row.status for row in await rows.all(Commission)] == [CommissionStatus.REVERSED]


@pytest.mark.parametrize("gateway", ["wompi", "payu"])
async def test_what_its_gateway_never_has_is_paid_out_by_a_person(
    cards: CardBank, rows: Rows, world: World, gateway: str
) -> None:
    """However often it is sent: a refusal in words that nobody knows looks like no answer at all."""
    order = await cards.order()
    await (cards.paid(order) if gateway == "wompi" else cards.paid_by_payu(order))
    (package,) = [each for each in await rows.all(Package) if each.order_id == order.id]
    await open_refund(world, RefundDue(order.id, package.id, f"package:{package.id}:cancelled", str(A_PART)))
    await cards.an_hour_passes()
    call = PART if gateway == "wompi" else "payu payments SUBMIT_TRANSACTION"
    cards.sandbox.control("fail_next", call=call, mode="500", times=1_000)
    waits = []
    while (refund := await cards.refund()).status is not RefundStatus.MANUAL:
        if refund.status is RefundStatus.REQUESTED and refund.sends:
            assert refund.ask_after is not None
            waits.append(refund.ask_after - refund.updated_at)
        assert refund.sends <= len(ASK_AGAIN)
        await cards.sweep()
    assert waits == list(ASK_AGAIN[:-1])
    assert (refund.sends, refund.failure) == (8, f"{gateway} knows of none, though it was sent 8 times")
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.detail["refund_id"]) == (CaseKind.REFUND, refund.id)


async def test_one_that_fails_keeps_no_other_back(cards: CardBank, rows: Rows, world: World) -> None:
    """As of a gateway that was taken out of the settings."""
    first = await owed(cards, rows, world, A_PART)
    second = await owed(cards, rows, world, A_PART)
    for refund in (first, second):
        await send(world, refund)
    await rows.execute("UPDATE payments SET gateway = 'gone' WHERE id = :id", id=first.payment_id)
    cards.sandbox.control("decide_refund", reference=f"refund-{second.id}", status="APPROVED")
    await rows.execute("UPDATE refunds SET ask_after = now() - make_interval(secs => 1000000 - id)")
    await send_due_refunds(world)
    assert [(await rows.get(Refund, each.id)).status for each in (first, second)] == [
        RefundStatus.PROCESSING,
        RefundStatus.MADE,
    ]


async def test_before_the_grace_is_over_unknown_is_not_sent_again(cards: CardBank, rows: Rows, world: World) -> None:
    refund = await owed(cards, rows, world, A_PART)
    cards.sandbox.control("fail_next", call=PART, mode="500")
    await send(world, refund)
    # The database's clock stands before the moment of sending, as long as the gateway may not have looked yet.
    await rows.execute("UPDATE refunds SET sent_at = now() + interval '5 minutes'")
    await cards.sweep()
    await cards.sweep()
    assert ((await cards.refund()).status, cards.at_wompi()) == (RefundStatus.PROCESSING, [])


@pytest.mark.parametrize(("place", "sent"), [("after_refund_row", 0), ("after_refund_answer", 1), ("before_commit", 0)])
async def test_k15_a_process_that_dies_on_the_way_sends_it_once(
    cards: CardBank, rows: Rows, world: World, armed: Callable[[str], None], place: str, sent: int
) -> None:
    refund = await owed(cards, rows, world, A_PART)
    armed(place)
    with pytest.raises(FailpointReached):
        await send(world, refund)
    failpoints.arm({})
    assert len(cards.at_wompi()) == sent
    before = RefundStatus.REQUESTED if place == "before_commit" else RefundStatus.PROCESSING
    assert (await cards.refund()).status is before
    # What the job does when it is tried again, then the sweeps.
    await send(world, refund)
    for _ in range(3):
        await cards.sweep()
    assert len(cards.at_wompi()) == 1
    cards.sandbox.control("decide_refund", reference=f"refund-{refund.id}", status="APPROVED")
    await cards.sweep()
    assert (await cards.refund()).status is RefundStatus.MADE


async def test_k15_a_process_that_dies_while_it_learns_the_end_learns_it_again(
    cards: CardBank, rows: Rows, world: World, armed: Callable[[str], None]
) -> None:
    refund = await owed(cards, rows, world, A_PART)
    await send(world, refund)
    cards.sandbox.control("decide_refund", reference=f"refund-{refund.id}", status="APPROVED")
    await rows.execute("UPDATE refunds SET ask_after = now() - interval '1 second'")
    failpoints.arm({"before_commit@3": "raise"})
    await send_due_refunds(world)
    failpoints.arm({})
    assert (await cards.refund()).status is RefundStatus.PROCESSING
    await cards.sweep()
    assert (await cards.refund()).status is RefundStatus.MADE
    assert len(await rows.execute("SELECT 1 FROM messages WHERE template = 'refund_made'")) == 1


async def test_a_gateway_that_takes_no_request_is_asked_later(cards: CardBank, rows: Rows, world: World) -> None:
    refund = await owed(cards, rows, world, A_PART)
    waits = []
    for _ in range(3):
        cards.sandbox.control("fail_next", call=PART, mode="429")
        await send(world, refund)
        assert (await cards.refund()).status is RefundStatus.REQUESTED
        (wait,) = await rows.execute("SELECT round(extract(epoch FROM ask_after - now())) FROM refunds")
        waits.append(int(wait[0]))
    assert (waits, cards.at_wompi()) == ([30, 120, 600], [])
    await cards.sweep()
    assert len(cards.at_wompi()) == 1


async def test_it_is_asked_about_at_growing_intervals_and_at_last_shown(
    cards: CardBank, rows: Rows, world: World
) -> None:
    refund = await owed(cards, rows, world, A_PART)
    await send(world, refund)
    waits = []
    for _ in range(9):
        await cards.sweep()
        (wait,) = await rows.execute("SELECT round(extract(epoch FROM ask_after - now()) / 60) FROM refunds")
        waits.append(int(wait[0]))
    assert waits == [2, 10, 60, 180, 360, 720, 1560, 1560, 1560]
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.detail["refund_id"]) == (CaseKind.REFUND, refund.id)
    cards.sandbox.control("decide_refund", reference=f"refund-{refund.id}", status="APPROVED")
    await cards.sweep()
    assert (await cards.refund()).status is RefundStatus.MADE


async def unanswered(cards: CardBank, rows: Rows, world: World) -> Refund:
    """Its gateway was asked at every interval and said nothing of its end."""
    refund = await owed(cards, rows, world, A_PART)
    await send(world, refund)
    for _ in range(8):
        await cards.sweep()
    assert await rows.count(PaymentCase) == 1
    return await cards.refund()


async def test_what_a_silent_gateway_sent_after_all_a_person_says_so(
    cards: CardBank, api: Api, make: Make, rows: Rows, world: World
) -> None:
    refund, admin = await unanswered(cards, rows, world), await make.user(UserType.ADMIN)
    done = await api.post(f"/api/v1/admin/refunds/{refund.id}/complete", {"reference": "WOMPI-48211"}, by=admin)
    assert (done.status_code, done.json()["status"]) == (200, "MADE")
    cards.sandbox.control("decide_refund", reference=f"refund-{refund.id}", status="DECLINED")
    await cards.sweep()
    refund = await cards.refund()
    assert (refund.status, refund.reference, refund.ask_after) == (RefundStatus.MADE, "WOMPI-48211", None)


async def test_what_a_silent_gateway_never_sent_goes_to_the_account_that_its_buyer_says(
    cards: CardBank, api: Api, make: Make, rows: Rows, world: World
) -> None:
    refund, admin = await unanswered(cards, rows, world), await make.user(UserType.ADMIN)
    address, body = f"/api/v1/admin/refunds/{refund.id}/pay-out", {"reason": "Wompi, caso 48211"}
    for _ in range(2):
        done = await api.post(address, body, by=admin)
        assert (done.status_code, done.json()["status"]) == (200, "MANUAL")
    await cards.sweep()
    refund = await cards.refund()
    assert (refund.status, refund.failure, refund.ask_after) == (RefundStatus.MANUAL, "Wompi, caso 48211", None)
    assert len(cards.at_wompi()) == 1, "nobody asks it to send it again"
    buyer = await make.existing_user((await rows.get(Order, refund.order_id)).buyer_id)
    key = {"kind": "BREB_KEY", "key_type": "PHONE", "key": "3001234567"}
    said = await api.request("PUT", f"/api/v1/orders/{refund.order_id}/refunds/destination", by=buyer, json=key)
    assert said.status_code == 200, said.text


@pytest.mark.parametrize(
    ("call", "body"), [("complete", {"reference": "WOMPI-48211"}), ("pay-out", {"reason": "Wompi, caso 48211"})]
)
async def test_while_the_gateway_may_still_answer_nobody_decides_for_it(
    cards: CardBank, api: Api, make: Make, rows: Rows, world: World, call: str, body: dict[str, str]
) -> None:
    refund = await owed(cards, rows, world, A_PART)
    await send(world, refund)
    for _ in range(7):
        await cards.sweep()
    before = await cards.refund()
    refused = await api.post(f"/api/v1/admin/refunds/{refund.id}/{call}", body, by=await make.user(UserType.ADMIN))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refund-not-open")
    after = await cards.refund()
    assert (after.status, after.reference, after.failure) == (RefundStatus.PROCESSING, None, None)
    assert after.ask_after == before.ask_after


@pytest.mark.parametrize("first", ["complete", "pay-out"])
async def test_two_administrators_at_once_decide_one_thing(
    cards: CardBank, api: Api, make: Make, rows: Rows, world: World, first: str
) -> None:
    refund = await unanswered(cards, rows, world)
    bodies = {"complete": {"reference": "WOMPI-48211"}, "pay-out": {"reason": "Wompi, caso 48211"}}
    calls = sorted(bodies, key=lambda call: call != first)
    admins = [await make.user(UserType.ADMIN) for _ in calls]
    answers = await asyncio.gather(
        *(
            api.post(f"/api/v1/admin/refunds/{refund.id}/{call}", bodies[call], by=admin)
            for call, admin in zip(calls, admins, strict=True)
        )
    )
    # What is to be paid out may be completed; what is complete is not paid out.
    statuses = {call: answer.status_code for call, answer in zip(calls, answers, strict=True)}
    assert statuses["complete"] == 200
    assert statuses["pay-out"] in (200, 409)
    assert (await cards.refund()).status is RefundStatus.MADE


@pytest.mark.parametrize("status", ["DECLINED", "ERROR", "CANCELLED"])
async def test_what_the_gateway_declines_a_person_pays_out(
    cards: CardBank, api: Api, make: Make, rows: Rows, world: World, status: str
) -> None:
    refund = await owed(cards, rows, world, A_PART)
    await send(world, refund)
    cards.sandbox.control("decide_refund", reference=f"refund-{refund.id}", status=status)
    await cards.sweep()
    refund = await cards.refund()
    assert (refund.status, refund.failure) == (RefundStatus.MANUAL, "wompi did not send it")
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.payment_id, case.detail["amount"]) == (CaseKind.REFUND, refund.payment_id, "30000.00")
    await cards.sweep()
    assert len(cards.at_wompi()) == 1
    admin = await make.user(UserType.ADMIN)
    done = await api.post(f"/api/v1/admin/refunds/{refund.id}/complete", {"reference": "BCO-417"}, by=admin)
    assert (done.status_code, done.json()["status"]) == (200, "MADE")


async def test_what_the_gateway_refuses_a_person_pays_out(cards: CardBank, rows: Rows, world: World) -> None:
    refund = await owed(cards, rows, world, A_PART)
    await rows.execute("UPDATE payments SET gateway_transaction_id = '10000000-1-1'")
    await send(world, refund)
    refund = await cards.refund()
    assert refund.status is RefundStatus.MANUAL
    assert refund.failure is not None
    assert "NOT_FOUND_ERROR" in refund.failure
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.REFUND]
    await cards.sweep()
    assert await rows.count(PaymentCase) == 1


async def test_a_person_who_sent_it_first_is_not_followed_by_the_gateway(
    cards: CardBank, api: Api, make: Make, rows: Rows, world: World
) -> None:
    refund = await owed(cards, rows, world, A_PART)
    admin = await make.user(UserType.ADMIN)
    done, *_ = await asyncio.gather(
        api.post(f"/api/v1/admin/refunds/{refund.id}/complete", {"reference": "BCO-417"}, by=admin),
        send(world, refund),
    )
    made_by_hand = done.status_code == 200
    assert len(cards.at_wompi()) == (not made_by_hand)
    expected = RefundStatus.MADE if made_by_hand else RefundStatus.PROCESSING
    assert (await cards.refund()).status is expected


async def test_payu_sends_a_card_payment_back_after_its_review(
    cards: CardBank, rows: Rows, world: World, drain: Drain
) -> None:
    order = await cards.order()
    await cards.paid_by_payu(order)
    await cards.cancel(order)
    refund = await cards.refund()
    assert (refund.status, cards.at_payu()) == (RefundStatus.REQUESTED, []), "too early for PayU"
    (wait,) = await rows.execute("SELECT ask_after - now() BETWEEN interval '9 min' AND interval '12 min' FROM refunds")
    assert wait[0]
    await cards.an_hour_passes()
    await cards.sweep()
    (asked,) = cards.at_payu()
    assert (asked["type"], (await cards.refund()).status) == ("REFUND", RefundStatus.PROCESSING)
    payment = (await rows.all(Payment))[0]
    cards.payu.control("decide_refund", reference=payment.reference, state="APPROVED")
    await cards.sweep()
    refund = await cards.refund()
    assert (refund.status, refund.reference) == (RefundStatus.MADE, asked["id"])
    assert (await rows.all(Payment))[0].status is PaymentStatus.REFUNDED
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED


async def test_payu_takes_one_refund_of_a_payment_and_a_person_the_other(cards: CardBank, rows: Rows) -> None:
    order = await cards.order(50_000, 80_000)
    await cards.paid_by_payu(order)
    await cards.an_hour_passes()
    await cards.cancel(order)
    refunds = await rows.all(Refund)
    assert sorted(each.status for each in refunds) == [RefundStatus.MANUAL, RefundStatus.PROCESSING]
    assert len(cards.at_payu()) == 1
    (case,) = await rows.all(PaymentCase)
    assert case.detail["reason"] == "payu: it takes one refund of a payment"


async def test_what_payu_declines_a_person_pays_out(cards: CardBank, rows: Rows) -> None:
    order = await cards.order()
    payment = await cards.paid_by_payu(order)
    await cards.an_hour_passes()
    await cards.cancel(order)
    cards.payu.control("decide_refund", reference=payment.reference, state="DECLINED")
    await cards.sweep()
    assert (await cards.refund()).status is RefundStatus.MANUAL
    assert (await rows.all(Payment))[0].status is PaymentStatus.APPROVED
