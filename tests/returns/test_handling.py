"""What becomes of a return: decided by its shop or an administrator, once; stock and money follow."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mestore.catalog.models import Product
from mestore.core.money import Money, total
from mestore.notifications.models import Message
from mestore.orders.models import Order, OrderHistory, Package
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.payments.models import Payment, Refund
from mestore.payments.states import PaymentStatus, RefundStatus
from mestore.returns.models import Return, ReturnHistory
from mestore.returns.states import ReturnStatus
from tests.problems import assert_problem, census
from tests.returns.case import ALL, OF_SHOP, UNITS, Case
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]


async def test_good_goods_are_in_stock_and_paid_back(case: Case, rows: Rows, drain: Drain) -> None:
    stock = (await rows.get(Product, case.chairs.product_id)).stock
    return_id = await case.approved({case.chairs.id: 2})
    answer = await case.does(return_id, "receive", condition="GOOD")
    told = answer.json()
    # 30,003 + 19 % are 35,704 for three: two thirds of it are 23,802.67.
    assert (told["status"], told["condition"], told["refund_amount"]) == ("RECEIVED", "GOOD", "23803.00")
    assert (await rows.get(Product, case.chairs.product_id)).stock == stock + 2
    assert await case.units_of(case.chairs) == (2, 2)
    assert (await rows.get(Package, case.chairs.package_id)).status is PackageStatus.DELIVERED
    await drain()
    (refund,) = await rows.all(Refund)
    assert (refund.cause, refund.amount, refund.status) == (f"return:{return_id}", Money(23_803), RefundStatus.MANUAL)
    assert refund.due_at == (await rows.get(Return, return_id)).refund_due_at


async def test_brought_in_person_or_received_by_an_administrator(case: Case) -> None:
    return_id = await case.approved()
    assert (await case.does(return_id, "receive", root=ALL, condition="GOOD")).json()["status"] == "RECEIVED"


async def test_damaged_goods_are_refused_with_a_word(case: Case, rows: Rows, drain: Drain) -> None:
    return_id = await case.approved({case.chairs.id: UNITS})
    await case.sends(return_id)
    before = await census(rows)
    wordless = await case.does(return_id, "receive", condition="DAMAGED")
    assert assert_problem(wordless, 422)["type"] == "/problems/damage-not-described"
    assert await census(rows) == before
    stock = (await rows.get(Product, case.chairs.product_id)).stock
    answers = [await case.does(return_id, "receive", condition="DAMAGED", reason="Vienen rotas") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    told = answers[1].json()
    assert (told["status"], told["condition"], told["refusal_reason"]) == ("REFUSED", "DAMAGED", "Vienen rotas")
    assert await case.units_of(case.chairs) == (0, 0)
    assert (await rows.get(Product, case.chairs.product_id)).stock == stock
    await drain()
    assert await rows.count(Refund) == 0
    assert (await case.asks({case.chairs.id: UNITS})).status_code == 201


async def test_all_of_a_package_brings_its_shipping_and_takes_it_back(case: Case, rows: Rows, drain: Drain) -> None:
    package = await rows.get(Package, case.chairs.package_id)
    for units in ({case.chairs.id: 1}, {case.lamp.id: 1, case.chairs.id: 1}, {case.chairs.id: 1}):
        assert (await rows.get(Package, package.id)).status is PackageStatus.DELIVERED
        await case.received(units)
    assert (await rows.get(Package, package.id)).status is PackageStatus.RETURNED
    assert package.shipping_cost == Money(15_000)
    await drain()
    assert total([refund.amount for refund in await rows.all(Refund)]) == package.total
    assert (await rows.get(Order, case.order.id)).status is OrderStatus.DELIVERED


async def test_an_order_of_which_all_came_back_is_refunded(case: Case, rows: Rows, drain: Drain) -> None:
    await case.received({case.chairs.id: UNITS, case.lamp.id: 1})
    other = await case.requested({case.other.id: 1})
    for what, more in (("approve", {}), ("receive", {"condition": "GOOD"})):
        assert (await case.does(other, what, by=case.other_seller, **more)).status_code == 200
    await drain()
    first, second = await rows.all(Refund)
    for refund, status in ((first, PaymentStatus.PARTIALLY_REFUNDED), (second, PaymentStatus.REFUNDED)):
        body = {"reference": f"BANCO-{refund.id}"}
        done = await case.api.post(f"/api/v1/admin/refunds/{refund.id}/complete", body, by=case.admin)
        assert done.status_code == 200, done.text
        assert (await rows.get(Payment, case.payment.id)).status is status
        await drain()
    assert {found.status for found in await rows.all(Return)} == {ReturnStatus.REFUNDED}
    assert (await rows.get(Order, case.order.id)).status is OrderStatus.REFUNDED
    moves = [move.to_status for move in await rows.all(OrderHistory) if move.package_id is None]
    assert moves[-2:] == ["DELIVERED", "REFUNDED"]


async def test_a_refusal_frees_the_units_and_says_why(case: Case, rows: Rows) -> None:
    return_id = await case.requested({case.lamp.id: 1})
    before = await census(rows)
    assert_problem(await case.does(return_id, "refuse", reason=" "), 422)
    assert await census(rows) == before
    told = [(await case.does(return_id, "refuse", reason="Fue usada")).json() for _ in range(2)]
    assert (told[1]["status"], told[1]["refusal_reason"]) == ("REFUSED", "Fue usada")
    assert len(told[1]["history"]) == 2
    assert await case.units_of(case.lamp) == (0, 0)


async def test_only_an_administrator_overrules_a_refusal(case: Case, rows: Rows) -> None:
    return_id = await case.requested({case.lamp.id: 1})
    await case.does(return_id, "refuse", reason="No")
    assert assert_problem(await case.does(return_id, "approve"), 409)["from_status"] == "REFUSED"
    assert await case.units_of(case.lamp) == (0, 0)
    told = (await case.does(return_id, "approve", root=ALL)).json()
    assert (told["status"], told["refusal_reason"], told["buyer_id"]) == ("APPROVED", None, str(case.buyer.id))
    assert await case.units_of(case.lamp) == (1, 0)
    assert (await case.does(return_id, "receive", condition="GOOD")).json()["status"] == "RECEIVED"


async def test_a_refusal_is_not_overruled_once_another_return_has_the_units(case: Case, rows: Rows) -> None:
    return_id = await case.requested({case.lamp.id: 1})
    await case.does(return_id, "refuse", reason="No")
    await case.requested({case.lamp.id: 1})
    problem = assert_problem(await case.does(return_id, "approve", root=ALL), 409)
    assert problem["type"] == "/problems/too-many-units-to-return"
    assert (await rows.get(Return, return_id)).status is ReturnStatus.REFUSED


@pytest.mark.parametrize(
    ("what", "body"), [("approve", {}), ("refuse", {"reason": "No"}), ("receive", {"condition": "GOOD"})]
)
async def test_nobody_else_decides(case: Case, rows: Rows, what: str, body: dict[str, Any]) -> None:
    return_id = await case.requested()
    before = await census(rows)
    for who, root, status in (
        (case.other_seller, OF_SHOP, 404),
        (case.buyer, OF_SHOP, 403),
        (case.admin, OF_SHOP, 403),
        (case.seller, ALL, 403),
        (case.buyer, ALL, 403),
    ):
        assert_problem(await case.does(return_id, what, by=who, root=root, **body), status)
    for root in (OF_SHOP, ALL):
        assert_problem(await case.api.post(f"{root}/{return_id}/{what}", body or None), 401)
        assert_problem(await case.does(999_999, what, root=root, **body), 404)
    assert await census(rows) == before


@pytest.mark.parametrize(
    ("what", "body"),
    [("receive", {"condition": "GOOD"}), ("receive", {"condition": "DAMAGED", "reason": "Rotas"})],
)
async def test_what_was_not_approved_is_not_received(case: Case, rows: Rows, what: str, body: dict[str, Any]) -> None:
    return_id = await case.requested()
    assert assert_problem(await case.does(return_id, what, **body), 409)["from_status"] == "REQUESTED"
    await case.does(return_id, "refuse", reason="No")
    assert assert_problem(await case.does(return_id, what, **body), 409)["from_status"] == "REFUSED"
    assert await case.units_of(case.chairs) == (0, 0)


async def test_approved_again_nothing_changes_and_it_is_refused_no_more(case: Case) -> None:
    return_id = await case.approved()
    again = await case.does(return_id, "approve")
    assert (again.status_code, len(again.json()["history"])) == (200, 2)
    assert_problem(await case.does(return_id, "refuse", reason="No"), 409)


async def test_of_approving_and_refusing_at_once_one_wins(case: Case, rows: Rows) -> None:
    return_id = await case.requested()
    answers = await asyncio.gather(case.does(return_id, "approve"), case.does(return_id, "refuse", reason="No"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    status = (await rows.get(Return, return_id)).status
    assert await case.units_of(case.chairs) == ((0, 0) if status is ReturnStatus.REFUSED else (1, 0))
    assert await rows.count(ReturnHistory) == 2


async def test_received_many_times_at_once_it_is_back_once(case: Case, rows: Rows, drain: Drain) -> None:
    stock = (await rows.get(Product, case.chairs.product_id)).stock
    return_id = await case.approved()
    answers = await asyncio.gather(*(case.does(return_id, "receive", condition="GOOD") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    await drain()
    assert (await rows.get(Product, case.chairs.product_id)).stock == stock + 1
    assert await case.units_of(case.chairs) == (1, 1)
    assert await rows.count(Refund) == 1


async def test_good_and_damaged_at_once_is_one_of_them(case: Case, rows: Rows, drain: Drain) -> None:
    return_id = await case.approved()
    answers = await asyncio.gather(
        case.does(return_id, "receive", condition="GOOD"),
        case.does(return_id, "receive", condition="DAMAGED", reason="Rota"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    good = (await rows.get(Return, return_id)).status is ReturnStatus.RECEIVED
    assert await case.units_of(case.chairs) == ((1, 1) if good else (0, 0))
    await drain()
    assert await rows.count(Refund) == int(good)


async def test_two_returns_of_a_package_received_at_once_add_up(case: Case, rows: Rows, drain: Drain) -> None:
    """Whichever comes second leaves nothing with the buyer: the shipping goes back with it, once."""
    package = await rows.get(Package, case.chairs.package_id)
    returns = [await case.approved(units) for units in ({case.chairs.id: UNITS}, {case.lamp.id: 1})]
    answers = await asyncio.gather(*(case.does(each, "receive", condition="GOOD") for each in returns))
    assert {answer.status_code for answer in answers} == {200}
    await drain()
    assert total([refund.amount for refund in await rows.all(Refund)]) == package.total
    assert (await rows.get(Package, package.id)).status is PackageStatus.RETURNED


async def test_lists_show_ones_own_newest_first_in_pages(case: Case) -> None:
    ids = [await case.requested() for _ in range(UNITS)][::-1]
    await case.does(ids[0], "refuse", reason="No")
    for root, who in ((OF_SHOP, case.seller), (ALL, case.admin)):
        first = (await case.api.get(f"{root}?limit=2&total=true", by=who)).json()
        assert ([each["id"] for each in first["items"]], first["total"]) == (ids[:2], 3)
        rest = (await case.api.get(f"{root}?limit=2&cursor={first['next_cursor']}", by=who)).json()
        assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == (ids[2:], None)
        refused = (await case.api.get(f"{root}?status=REFUSED", by=who)).json()
        assert [each["id"] for each in refused["items"]] == ids[:1]
        assert (await case.api.get(f"{root}/{ids[1]}", by=who)).json()["id"] == ids[1]
        assert_problem(await case.api.get(f"{root}?cursor=abc", by=who), 422)
    assert (await case.api.get(OF_SHOP, by=case.other_seller)).json()["items"] == []
    assert_problem(await case.api.get(f"{OF_SHOP}/{ids[0]}", by=case.other_seller), 404)
    assert "buyer_id" not in (await case.api.get(f"{OF_SHOP}/{ids[0]}", by=case.seller)).json()


async def test_shop_and_buyer_are_told_once_for_each_move(case: Case, rows: Rows, drain: Drain) -> None:
    return_id = await case.requested({case.lamp.id: 1})
    await case.does(return_id, "refuse", reason="Fue usada")
    await case.does(return_id, "approve", root=ALL)
    await case.does(return_id, "receive", condition="GOOD")
    await drain()
    letters = [letter for letter in await rows.all(Message) if letter.template.startswith("return_")]
    assert sorted((letter.template, letter.receiver_id) for letter in letters) == sorted(
        [
            ("return_requested", case.seller.id),
            ("return_refused", case.buyer.id),
            ("return_approved", case.buyer.id),
            ("return_received", case.buyer.id),
        ]
    )
    assert {letter.status for letter in letters} == {"SENT"}
    assert "No me sirve" not in str([letter.context for letter in letters])
    (refused,) = [letter for letter in letters if letter.template == "return_refused"]
    assert refused.context["why"] == "Fue usada"
