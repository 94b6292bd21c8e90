"""The block list: what stands there may not pay, and nobody can read from it who that is."""

import asyncio
from typing import Any

import httpx
import pytest

from mestore.core.world import World
from mestore.orders.models import Order
from mestore.payments.models import FraudBlock, Payment
from mestore.payments.states import PaymentStatus
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import PSE, Make
from tests.payments.attempts import tell, waiting
from tests.payments.bank import Bank
from tests.payments.refused import assert_refused
from tests.problems import assert_problem, census
from tests.rows import Rows

ALL = "/api/v1/admin/fraud/blocks"
WHY = "Contracargo de dos pedidos."
ADDRESS = "190.24.10.7"
DEVICE = "movil-7f3a9c01"
VALUES = {
    "EMAIL": "Estafa@Example.co",
    "PHONE": "300 765 4321",
    "DOCUMENT": "1.020.304.050",
    "DEVICE": DEVICE,
    "ADDRESS": ADDRESS,
}


@pytest.fixture(name="admin")
async def _admin(make: Make, api: Api) -> User:
    admin = await make.user(UserType.ADMIN)
    await api.token(admin)
    return admin


async def block(api: Api, by: User | None, **more: Any) -> httpx.Response:
    headers = more.pop("headers", None)
    return await api.post(ALL, {"reason": WHY} | more, by=by, headers=headers)


@pytest.mark.parametrize("kind", VALUES)
async def test_a_value_is_kept_as_nothing_that_can_be_read_back(api: Api, rows: Rows, admin: User, kind: str) -> None:
    answer = await block(api, admin, kind=kind, value=VALUES[kind])
    assert answer.status_code == 201, answer.text
    (kept,) = await rows.all(FraudBlock)
    assert (kept.reason, kept.blocked_by, len(kept.digest)) == (WHY, admin.id, 64)
    shown = answer.text.casefold()
    plain = "".join(filter(str.isalnum, VALUES[kind].casefold()))
    assert VALUES[kind].casefold() not in shown
    assert plain not in shown
    assert plain not in kept.digest
    assert len(kept.hint) <= 12


@pytest.mark.parametrize(
    ("kind", "spelled"),
    [
        ("EMAIL", "estafa@EXAMPLE.CO"),
        ("PHONE", "+57 3007654321"),
        ("DOCUMENT", "1020304050"),
        ("ADDRESS", f"::ffff:{ADDRESS}"),
    ],
)
async def test_another_spelling_is_the_same(api: Api, rows: Rows, admin: User, kind: str, spelled: str) -> None:
    first = await block(api, admin, kind=kind, value=VALUES[kind])
    again = await block(api, admin, kind=kind, value=spelled)
    assert assert_refused(again, 409, "already-blocked")["block_id"] == first.json()["id"]
    assert await rows.count(FraudBlock) == 1


async def test_of_ipv6_a_whole_home_is_blocked(api: Api, admin: User) -> None:
    assert (await block(api, admin, kind="ADDRESS", value="2800:e2:1:1::7")).status_code == 201
    assert_refused(await block(api, admin, kind="ADDRESS", value="2800:e2:1:1:9::1"), 409, "already-blocked")
    assert (await block(api, admin, kind="ADDRESS", value="2800:e2:1:2::7")).status_code == 201


async def test_the_same_text_of_another_kind_is_another_thing(api: Api, rows: Rows, admin: User) -> None:
    for kind in ("DOCUMENT", "DEVICE"):
        assert (await block(api, admin, kind=kind, value="1020304050")).status_code == 201
    assert len({row.digest for row in await rows.all(FraudBlock)}) == 2


async def test_what_is_blocked_pays_nothing_until_it_is_let_go(
    api: Api, bank: Bank, make: Make, rows: Rows, admin: User
) -> None:
    order = await make.order()
    buyer = await make.existing_user(order.buyer_id)
    number = (await block(api, admin, kind="EMAIL", value=buyer.email)).json()["id"]
    answer = await bank.pay(order)
    assert (answer.json()["status"], answer.json()["fraud_score"]) == ("DECLINED", 100)
    (attempt,) = await rows.all(Payment)
    assert "blocked_email" in attempt.fraud_reasons
    assert bank.sandbox.transactions() == []
    assert (await api.request("DELETE", f"{ALL}/{number}", by=admin)).status_code == 204
    assert_refused(await api.request("DELETE", f"{ALL}/{number}", by=admin), 404, "block-not-found")
    assert (await bank.pay(order)).json()["status"] == "PENDING"


async def test_a_document_blocks_whoever_pays_with_it(
    api: Api, bank: Bank, make: Make, rows: Rows, admin: User
) -> None:
    await block(api, admin, kind="DOCUMENT", value=PSE["document_number"])
    assert (await bank.pay(await make.order())).json()["status"] == "DECLINED"
    other = await bank.pay(await make.order(), method="BANCOLOMBIA")
    assert other.json()["status"] == "PENDING", other.text


async def test_what_a_payment_came_from_is_blocked_by_it(
    api: Api, bank: Bank, make: Make, rows: Rows, world: World, admin: User
) -> None:
    answer = await bank.pay(await make.order(), headers={"X-Device-Id": DEVICE})
    first = await rows.get(Payment, answer.json()["payment_id"])
    assert first.device_key is not None
    added = await block(api, admin, kind="DEVICE", payment_id=first.id)
    assert (added.status_code, added.json()["hint"]) == (201, f"payment {first.id}")
    elsewhere = await bank.pay(await make.order(), headers={"X-Device-Id": DEVICE})
    assert elsewhere.json()["status"] == "DECLINED"
    assert (await bank.pay(await make.order(), headers={"X-Device-Id": "movil-00000001"})).json()["status"] == "PENDING"
    assert_refused(await block(api, admin, kind="CARD", payment_id=first.id), 422, "nothing-to-block")
    assert_refused(await block(api, admin, kind="CARD", payment_id=999_999), 404, "payment-not-found")
    by_card = await waiting(world, await make.order())
    await tell(world, by_card, PaymentStatus.DECLINED, card="VISA-424242-4242-06-29")
    assert (await block(api, admin, kind="CARD", payment_id=by_card.id)).status_code == 201
    again = await make.order(buyer=await make.existing_user(by_card.buyer_id))
    assert (await bank.pay(again)).json()["status"] == "DECLINED", "a card that its buyer tried today"


async def test_the_list_is_filtered_and_comes_in_pages(api: Api, admin: User) -> None:
    ids = {kind: (await block(api, admin, kind=kind, value=value)).json()["id"] for kind, value in VALUES.items()}
    listed = (await api.get(f"{ALL}?limit=3&total=true", by=admin)).json()
    newest = sorted(ids.values(), reverse=True)
    assert ([each["id"] for each in listed["items"]], listed["total"]) == (newest[:3], 5)
    rest = (await api.get(f"{ALL}?limit=3&cursor={listed['next_cursor']}", by=admin)).json()
    assert [each["id"] for each in rest["items"]] == newest[3:]
    phones = (await api.get(f"{ALL}?kind=PHONE", by=admin)).json()["items"]
    assert [(each["id"], each["hint"]) for each in phones] == [(ids["PHONE"], "…4321")]
    assert_refused(await api.get(f"{ALL}?cursor=bad", by=admin), 422, "bad-cursor")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "EMAIL"},
        {"kind": "EMAIL", "value": "a@b.co", "payment_id": 1},
        {"kind": "EMAIL", "value": "no address"},
        {"kind": "EMAIL", "payment_id": 1},
        {"kind": "PHONE", "value": "12"},
        {"kind": "CARD", "value": "4242424242424242"},
        {"kind": "ADDRESS", "value": "300.1.1.1"},
        {"kind": "DOCUMENT", "value": "---1"},
        {"kind": "SHOP", "value": "x"},
        {"kind": "DEVICE", "value": DEVICE, "reason": ""},
        {"kind": "DEVICE", "value": DEVICE, "more": 1},
    ],
)
async def test_bad_input_blocks_nobody(api: Api, rows: Rows, admin: User, body: dict[str, Any]) -> None:
    before = await census(rows)
    answer = await block(api, admin, **body)
    assert_refused(answer, 422, "validation-failed")
    assert await census(rows) == before


async def test_only_staff_sees_and_blocks(api: Api, make: Make, rows: Rows, admin: User) -> None:
    number = (await block(api, admin, kind="EMAIL", value="estafa@example.co")).json()["id"]
    for somebody, status in ((None, 401), (await make.buyer(), 403), (await make.user(UserType.VENDOR), 403)):
        for answer in (
            await api.get(ALL, by=somebody),
            await block(api, somebody, kind="PHONE", value="3007654321"),
            await api.request("DELETE", f"{ALL}/{number}", by=somebody),
        ):
            assert_problem(answer, status)
    assert [row.id for row in await rows.all(FraudBlock)] == [number]


async def test_the_same_request_is_answered_once_for_its_key(api: Api, rows: Rows, admin: User) -> None:
    headers = {"Idempotency-Key": "block-1"}
    first = await block(api, admin, kind="DEVICE", value=DEVICE, headers=headers)
    again = await block(api, admin, kind="DEVICE", value=DEVICE, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await rows.count(FraudBlock) == 1


async def test_of_many_who_block_the_same_at_once_one_does(api: Api, rows: Rows, admin: User) -> None:
    answers = await asyncio.gather(*(block(api, admin, kind="DEVICE", value=DEVICE) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert await rows.count(FraudBlock) == 1


async def test_an_order_stays_payable_after_an_attempt_was_blocked(
    api: Api, bank: Bank, make: Make, rows: Rows, admin: User
) -> None:
    await block(api, admin, kind="DOCUMENT", value=PSE["document_number"])
    order = await make.order()
    await bank.pay(order)
    assert (await rows.get(Order, order.id)).status == "PENDING"
    assert (await bank.pay(order, method="BANCOLOMBIA")).json()["status"] == "PENDING"
