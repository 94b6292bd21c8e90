"""A day held against the gateways' books: each kind of difference is found once, shown, and closed once."""

import asyncio
from collections import Counter as Counted
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from mestore.app.subscriptions import PERIODIC
from mestore.commissions.models import Commission
from mestore.core.clock import COLOMBIA
from mestore.core.ids import PaymentId
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.gateways import wompi_list
from mestore.payments.gateways.wompi import WompiGateway
from mestore.payments.models import Payment, PaymentEvent
from mestore.payments.reconciliation.comparison import agree
from mestore.payments.reconciliation.models import DifferenceKind, ReconciliationDifference, ReconciliationRun
from mestore.payments.reconciliation.service import ReconciliationBroken, latest_day, reconcile, reconcile_days
from mestore.payments.states import PaymentStatus
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.counter import Counter
from tests.problems import assert_problem, census
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
ALL = "/api/v1/admin/reconciliation"
APPROVED, PENDING, DECLINED = PaymentStatus.APPROVED, PaymentStatus.PENDING, PaymentStatus.DECLINED


@pytest.fixture(name="admin")
async def _admin(make: Make, api: Api) -> User:
    admin = await make.user(UserType.ADMIN)
    await api.token(admin)
    return admin


@pytest.fixture(name="paid")
async def _paid(bank: Bank, make: Make, rows: Rows, drain: Drain) -> Payment:
    """Approved here and there."""
    payment = await bank.begun(await make.order())
    bank.decide(payment)
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    return await rows.get(Payment, payment.id)


def today(world: World) -> date:
    return world.now().astimezone(COLOMBIA).date()


async def compared(world: World, gateway: str = "wompi", day: date | None = None) -> list[tuple[str, str, Any, Any]]:
    done = await reconcile(world, gateway, day or today(world))
    return [(each.kind.value, each.reference, each.ours, each.theirs) for each in done.differences]


async def test_books_that_agree_differ_in_nothing(
    bank: Bank, make: Make, rows: Rows, world: World, drain: Drain, paid: Payment
) -> None:
    for status in ("DECLINED", "ERROR", "VOIDED"):
        payment = await bank.begun(await make.order())
        bank.decide(payment, "APPROVED" if status == "VOIDED" else status)
        await bank.deliver(payment)
        await drain()
        if status == "VOIDED":
            bank.decide(payment, status)
            await bank.deliver(payment)
            await drain()
    await bank.begun(await make.order())
    before = await census(rows)
    assert await compared(world) == []
    assert await census(rows) == before | {"reconciliation_runs": 1}
    (run,) = await rows.all(ReconciliationRun)
    assert (run.gateway, run.day, run.compared) == ("wompi", today(world), 5)


async def test_f32_another_amount_is_a_difference_to_the_centavo(rows: Rows, world: World, paid: Payment) -> None:
    await rows.execute("UPDATE payments SET amount = amount + 0.01")
    ours, theirs = paid.amount + Money("0.01"), paid.amount
    assert await compared(world) == [("AMOUNT", paid.reference, f"{ours} COP", f"{theirs} COP")]
    (row,) = await rows.all(ReconciliationDifference)
    assert (row.payment_id, row.day, row.closed_at) == (paid.id, today(world), None)
    assert (await rows.get(Payment, paid.id)).amount == ours, "nothing is put right"


async def test_f32_another_currency_is_another_amount(rows: Rows, world: World, paid: Payment) -> None:
    await rows.execute("UPDATE payments SET currency = 'USD'")
    assert [kind for kind, *_ in await compared(world)] == ["AMOUNT"]


async def test_f32_another_status_is_a_difference_and_nothing_moves(rows: Rows, world: World, paid: Payment) -> None:
    await rows.execute("UPDATE payments SET status = 'DECLINED', settles_order = false")
    before = await census(rows)
    assert await compared(world) == [("STATUS", paid.reference, "DECLINED", "APPROVED")]
    assert await census(rows) == before | {"reconciliation_differences": 1, "reconciliation_runs": 1}
    assert (await rows.get(Payment, paid.id)).status is PaymentStatus.DECLINED


async def test_f32_what_the_gateway_has_under_no_reference_of_ours(rows: Rows, world: World, paid: Payment) -> None:
    await rows.execute("UPDATE payments SET reference = 'other', gateway_transaction_id = 'other-1'")
    assert sorted(await compared(world)) == [
        ("MISSING_HERE", paid.reference, None, f"APPROVED {paid.amount} COP"),
        ("MISSING_THERE", "other", f"APPROVED {paid.amount} COP", None),
    ]


async def test_run_again_it_adds_nothing_also_many_times_at_once(rows: Rows, world: World, paid: Payment) -> None:
    await rows.execute("UPDATE payments SET amount = amount + 1")
    first = await compared(world)
    assert await asyncio.gather(*(compared(world) for _ in range(6))) == [first] * 6
    assert await rows.count(ReconciliationDifference) == 1
    assert await rows.count(ReconciliationRun) == 1


async def test_what_is_open_here_and_decided_there_is_settled(
    bank: Bank, make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    payments = [await bank.begun(await make.order()) for _ in range(3)]
    for payment, status in zip(payments, ("APPROVED", "DECLINED", "APPROVED"), strict=True):
        other = {"amount_in_cents": 100} if payment is payments[2] else {}
        bank.decide(payment, status, **other)
    found = await compared(world)
    await drain()
    assert found == [("AMOUNT", payments[2].reference, f"{payments[2].amount} COP", "1.00 COP")]
    settled = [await rows.get(Payment, payment.id) for payment in payments]
    assert [payment.status for payment in settled] == [APPROVED, DECLINED, PaymentStatus.ERROR]
    assert (await rows.get(Order, payments[0].order_id)).status is OrderStatus.CONFIRMED
    assert await rows.count(Commission) == 1
    assert sum(event.source == "reconciliation" for event in await rows.all(PaymentEvent)) == 3
    await compared(world)
    assert sum(event.source == "reconciliation" for event in await rows.all(PaymentEvent)) == 3


async def test_an_attempt_that_is_still_open_from_before_is_asked_about_too(
    bank: Bank, make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    payment = await bank.begun(await make.order())
    await rows.execute("UPDATE payments SET created_at = created_at - interval '5 days', ask_after = NULL")
    bank.decide(payment)
    assert await compared(world, day=today(world) - timedelta(days=1)) == []
    await drain()
    assert (await rows.get(Order, payment.order_id)).status is OrderStatus.CONFIRMED


async def test_a_difference_bears_the_day_of_its_attempt(rows: Rows, world: World, paid: Payment) -> None:
    """Wompi lists it today, and ours began a minute before midnight."""
    await rows.execute("UPDATE payments SET amount = amount + 1, created_at = created_at - interval '1 day'")
    for day in (today(world) - timedelta(days=1), today(world)):
        assert [kind for kind, *_ in await compared(world, day=day)] == ["AMOUNT"]
    assert [row.day for row in await rows.all(ReconciliationDifference)] == [today(world) - timedelta(days=1)]


async def test_what_the_gateway_never_heard_of_is_no_difference(rows: Rows, world: World, paid: Payment) -> None:
    await rows.execute(
        "UPDATE payments SET reference = 'new', gateway_transaction_id = NULL, status = 'DECLINED' WHERE id = :id",
        id=paid.id,
    )
    assert [kind for kind, *_ in await compared(world)] == ["MISSING_HERE"]


async def test_wompis_list_is_read_to_its_end_and_is_of_its_day(
    bank: Bank, make: Make, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wompi_list, "_PAGE", 2)
    begun = [(await bank.begun(await make.order())).reference for _ in range(5)]
    wompi = WompiGateway(world.gateways_http, world.settings.wompi)
    assert [charge.reference async for charge in wompi.list_day(today(world))] == begun
    for days in (-1, 1):
        assert [charge async for charge in wompi.list_day(today(world) + timedelta(days=days))] == []


async def test_a_gateway_that_does_not_answer_is_not_done_with(
    bank: Bank, rows: Rows, world: World, paid: Payment
) -> None:
    await rows.execute("UPDATE payments SET amount = amount + 1")
    bank.sandbox.control("fail_next", call="GET /transactions", mode="500", times=1)
    with pytest.raises(ReconciliationBroken):
        await compared(world)
    assert (await rows.count(ReconciliationRun), await rows.count(ReconciliationDifference)) == (0, 0)
    assert [kind for kind, *_ in await compared(world)] == ["AMOUNT"]


async def test_without_a_list_each_attempt_is_asked_about(
    counter: Counter, make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    same, late, other, gone = [await counter.slip(await make.order()) for _ in range(4)]
    counter.pay(late)
    counter.force(other, "VENCIDA")
    await rows.execute("UPDATE payments SET status = 'APPROVED', settles_order = false WHERE id = :id", id=other.id)
    await rows.execute("UPDATE payments SET reference = 'ORD-gone' WHERE id = :id", id=gone.id)
    assert sorted(await compared(world, "efecty")) == [
        ("MISSING_THERE", "ORD-gone", f"PENDING {gone.amount} COP", None),
        ("STATUS", other.reference, "APPROVED", "EXPIRED"),
    ]
    await drain()
    assert (await rows.get(Order, late.order_id)).status is OrderStatus.CONFIRMED
    assert (await rows.get(Payment, same.id)).status is PENDING


async def test_one_question_without_an_answer_leaves_the_rest_and_the_day_for_later(
    counter: Counter, make: Make, rows: Rows, world: World
) -> None:
    first, second = [await counter.slip(await make.order()) for _ in range(2)]
    for slip in (first, second):
        counter.force(slip, "VENCIDA")
    await rows.execute("UPDATE payments SET status = 'APPROVED', settles_order = false")
    counter.fail()
    with pytest.raises(ReconciliationBroken):
        await compared(world, "efecty")
    assert [row.reference for row in await rows.all(ReconciliationDifference)] == [second.reference]
    assert await rows.count(ReconciliationRun) == 0
    assert {reference for _, reference, *_ in await compared(world, "efecty")} == {first.reference, second.reference}


async def test_payu_is_asked_too(bank: Bank, make: Make, rows: Rows, world: World) -> None:
    bank.sandbox.control("fail_next", call="GET /merchants/info", mode="500", times=1)
    answer = await bank.pay(await make.order())
    payment = await rows.get(Payment, PaymentId(answer.json()["payment_id"]))
    assert payment.gateway == "payu"
    assert await compared(world, "payu") == []
    await rows.execute("UPDATE payments SET amount = amount - 1 WHERE gateway = 'payu'")
    assert await compared(world, "payu") == [
        ("AMOUNT", payment.reference, f"{payment.amount - Money(1)} COP", f"{payment.amount} COP")
    ]


async def test_every_day_is_compared_once_when_it_is_over(rows: Rows, world: World, paid: Payment) -> None:
    assert "payments.reconcile_days" in {task.name for task in PERIODIC}
    tomorrow = replace(world, now=lambda: world.now() + timedelta(days=1))
    assert latest_day(tomorrow) == latest_day(world) + timedelta(days=1)
    await rows.execute("UPDATE payments SET amount = amount + 1")
    await reconcile_days(replace(world, now=lambda: world.now() + timedelta(days=2)))
    assert await rows.count(ReconciliationDifference) == 1
    runs = await rows.all(ReconciliationRun)
    assert len(runs) == 3 * 7
    await rows.execute("DELETE FROM reconciliation_differences")
    await reconcile_days(replace(world, now=lambda: world.now() + timedelta(days=2)))
    assert await rows.count(ReconciliationDifference) == 0, "days that were compared are not compared again"


async def test_a_day_that_could_not_be_compared_is_made_up_for(
    bank: Bank, rows: Rows, world: World, paid: Payment
) -> None:
    await rows.execute("UPDATE payments SET amount = amount + 1")
    later = replace(world, now=lambda: world.now() + timedelta(days=2))
    bank.sandbox.control("fail_next", call="GET /transactions", mode="500", times=1)
    await reconcile_days(later)
    assert {run.gateway for run in await rows.all(ReconciliationRun)} == {"payu", "efecty"}
    await reconcile_days(later)
    assert [row.kind for row in await rows.all(ReconciliationDifference)] == [DifferenceKind.AMOUNT]


async def test_one_question_that_is_never_answered_spoils_no_other_day(
    counter: Counter, make: Make, rows: Rows, world: World
) -> None:
    silent, told = [await counter.slip(await make.order()) for _ in range(2)]
    for slip, age in ((silent, 5), (told, 3)):
        counter.force(slip, "VENCIDA")
        older = "status = 'APPROVED', settles_order = false, created_at = created_at - :age * interval '1 day'"
        await rows.execute(f"UPDATE payments SET {older} WHERE id = :id", id=slip.id, age=age)
    days = {latest_day(world) - timedelta(days=back) for back in range(7)}
    counter.fail()
    await reconcile_days(world)
    assert [row.reference for row in await rows.all(ReconciliationDifference)] == [told.reference]
    missed = days - {run.day for run in await rows.all(ReconciliationRun) if run.gateway == "efecty"}
    assert missed == {silent.created_at.astimezone(COLOMBIA).date() - timedelta(days=5)}
    await reconcile_days(world)
    assert await rows.count(ReconciliationRun) == 3 * 7, "it is asked again at the next turn"


async def test_what_breaks_at_one_day_of_one_gateway_leaves_all_others_to_be_compared(rows: Rows, world: World) -> None:
    day = latest_day(world) - timedelta(days=4)
    refused = f"CHECK (gateway <> 'wompi' OR day <> '{day}')"
    await rows.execute(f"ALTER TABLE reconciliation_runs ADD CONSTRAINT refused {refused}")
    try:
        await reconcile_days(world)
    finally:
        await rows.execute("ALTER TABLE reconciliation_runs DROP CONSTRAINT refused")
    runs = await rows.all(ReconciliationRun)
    assert Counted(run.gateway for run in runs) == {"wompi": 6, "payu": 7, "efecty": 7}
    await reconcile_days(world)
    assert await rows.count(ReconciliationRun) == 3 * 7


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("APPROVED", "APPROVED", True),
        ("REFUNDED", "APPROVED", True),
        ("PARTIALLY_REFUNDED", "APPROVED", True),
        ("REFUNDED", "VOIDED", True),
        ("PROCESSING", "PENDING", True),
        ("ERROR", "DECLINED", True),
        ("EXPIRED", "VOIDED", True),
        ("DECLINED", "APPROVED", False),
        ("VOIDED", "APPROVED", False),
        ("APPROVED", "VOIDED", False),
        ("APPROVED", "DECLINED", False),
        ("APPROVED", "REFUNDED", False),
        ("PENDING", "APPROVED", False),
        ("EXPIRED", "PENDING", False),
        ("APPROVED", "PENDING", False),
    ],
)
def test_which_statuses_agree(ours: str, theirs: str, same: bool) -> None:
    assert agree(PaymentStatus(ours), PaymentStatus(theirs)) is same


async def close(api: Api, admin: User | None, number: Any, note: Any = "corrected", **more: Any) -> Any:
    return await api.post(f"{ALL}/{number}/close", {"note": note}, by=admin, **more)


@pytest.fixture(name="row")
async def _row(rows: Rows, world: World, paid: Payment) -> ReconciliationDifference:
    await rows.execute("UPDATE payments SET amount = amount + 1")
    await compared(world)
    return (await rows.all(ReconciliationDifference))[0]


async def test_a_difference_is_closed_once_and_stays_closed(
    api: Api, rows: Rows, world: World, admin: User, row: ReconciliationDifference
) -> None:
    done = await close(api, admin, row.id, "  Wompi corrected it ")
    assert done.status_code == 200
    assert (done.json()["note"], done.json()["closed_by"]) == ("Wompi corrected it", str(admin.id))
    refused = assert_problem(await close(api, admin, row.id, "again"), 409)
    assert refused["type"] == "/problems/difference-closed"
    assert datetime.fromisoformat(refused["closed_at"]) == datetime.fromisoformat(done.json()["closed_at"])
    await compared(world)
    (kept,) = await rows.all(ReconciliationDifference)
    assert (kept.note, kept.closed_by) == ("Wompi corrected it", admin.id)


async def test_closed_many_times_at_once_it_is_closed_once(
    api: Api, admin: User, row: ReconciliationDifference
) -> None:
    answers = await asyncio.gather(*(close(api, admin, row.id, f"note {number}") for number in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


async def test_a_repeated_key_is_answered_from_the_first(api: Api, admin: User, row: ReconciliationDifference) -> None:
    answers = [await close(api, admin, row.id, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert (answers[0].content, answers[1].headers["Idempotent-Replayed"]) == (answers[1].content, "true")


async def test_what_does_not_fit_is_refused(api: Api, rows: Rows, admin: User, row: ReconciliationDifference) -> None:
    before = await census(rows)
    for note in ("", "  ", "x" * 501, None, 5):
        assert_problem(await close(api, admin, row.id, note), 422)
    assert_problem(await close(api, admin, 999_999), 404)
    assert_problem(await close(api, admin, "x"), 422)
    assert (await census(rows), (await rows.all(ReconciliationDifference))[0].closed_at) == (before, None)


async def test_the_list_is_filtered_and_comes_in_pages(api: Api, rows: Rows, admin: User) -> None:
    await rows.execute(
        """INSERT INTO reconciliation_differences (gateway, day, kind, reference, reason)
        SELECT CASE WHEN n < 4 THEN 'wompi' ELSE 'payu' END, '2026-11-24', 'AMOUNT', 'r' || n, 'differs'
        FROM generate_series(1, 5) AS n"""
    )
    ids = [row.id for row in await rows.all(ReconciliationDifference)][::-1]
    assert (await close(api, admin, ids[0])).status_code == 200

    async def listed(query: str) -> Any:
        answer = await api.get(f"{ALL}?{query}", by=admin)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first = await listed("limit=3&total=true")
    assert ([each["id"] for each in first["items"]], first["total"]) == (ids[:3], 5)
    rest = await listed(f"limit=3&cursor={first['next_cursor']}")
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == (ids[3:], None)
    assert [each["id"] for each in (await listed("open=false"))["items"]] == ids[:1]
    assert [each["id"] for each in (await listed("open=true&gateway=payu"))["items"]] == ids[1:2]
    for query in ("cursor=abc", "gateway=other", "open=maybe"):
        assert_problem(await api.get(f"{ALL}?{query}", by=admin), 422)


async def test_only_staff_sees_and_closes(
    api: Api, make: Make, rows: Rows, row: ReconciliationDifference, paid: Payment
) -> None:
    owner, buyer = await make.owner(await make.vendor()), await make.existing_user(paid.buyer_id)
    for who, status in ((None, 401), (buyer, 403), (owner, 403)):
        assert_problem(await api.get(ALL, by=who), status)
        assert_problem(await close(api, who, row.id), status)
    assert (await rows.all(ReconciliationDifference))[0].closed_at is None
