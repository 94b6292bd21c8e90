"""What is seen of attempts to pay: the list of one's own, and what a gateway said of each."""

import re

from mestore.core.world import World
from mestore.users.models import UserType
from tests.api import Api, in_production
from tests.document import document
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.counter import Counter
from tests.problems import assert_problem, census
from tests.rows import Rows

PAYMENTS = "/api/v1/payments"
SOURCES = {"start", "webhook", "sweep", "collection", "code", "reconciliation"}


async def test_the_list_is_counted_when_asked_for(bank: Bank, api: Api, make: Make) -> None:
    buyer = await make.buyer()
    begun = [await bank.begun(await make.order(buyer=buyer)) for _ in range(3)]
    await bank.begun(await make.order())
    first = (await api.get(f"{PAYMENTS}?limit=2&total=true", by=buyer)).json()
    assert ([each["id"] for each in first["items"]], first["total"]) == ([begun[2].id, begun[1].id], 3)
    rest = (await api.get(f"{PAYMENTS}?total=true&cursor={first['next_cursor']}", by=buyer)).json()
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"], rest["total"]) == ([begun[0].id], None, 3)
    assert (await api.get(PAYMENTS, by=buyer)).json()["total"] is None
    assert (await api.get(f"{PAYMENTS}?total=true", by=await make.buyer())).json() == {
        "items": [],
        "next_cursor": None,
        "total": 0,
    }


async def test_what_a_look_at_a_code_found_out_says_so(counter: Counter, api: Api, make: Make) -> None:
    buyer = await make.buyer()
    payment = await counter.slip(await make.order(buyer=buyer))
    counter.pay(payment)
    assert (await api.get(f"{PAYMENTS}/efecty/validate/{payment.code}", by=buyer)).json()["reason"] == "PAID"
    seen = (await api.get(f"{PAYMENTS}/{payment.id}/events", by=buyer)).json()
    assert seen["payment_id"] == payment.id
    assert [(each["source"], each["status"]) for each in seen["events"]] == [
        ("start", "PENDING"),
        ("code", "APPROVED"),
    ]


async def test_what_a_gateway_said_is_its_buyer_s_and_the_staff_s(bank: Bank, api: Api, make: Make, rows: Rows) -> None:
    seller, payment = await make.vendor(), await bank.begun(await make.order())
    path = f"{PAYMENTS}/{payment.id}/events"
    before = await census(rows)
    assert_problem(await api.get(path), 401)
    for stranger in (await make.buyer(), await make.owner(seller)):
        assert assert_problem(await api.get(path, by=stranger), 404)["type"] == "/problems/payment-not-found"
    nobody = await make.user(UserType.SYSTEM)
    assert assert_problem(await api.get(path, by=nobody), 403)["type"] == "/problems/wrong-account-type"
    staff = [await make.user(kind) for kind in (UserType.ADMIN, UserType.SUPERUSER)]
    answers = [await api.get(path, by=each) for each in (await make.existing_user(payment.buyer_id), *staff)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [each["source"] for each in answers[0].json()["events"]] == ["start"]
    assert len({answer.content for answer in answers}) == 1
    assert_problem(await api.get(f"{PAYMENTS}/987654321/events", by=staff[0]), 404)
    after = await census(rows)
    same = before.keys() - {"users", "user_sessions"}
    assert {table: after[table] for table in same} == {table: before[table] for table in same}


async def test_in_production_staff_shows_a_second_factor(make: Make, world: World, bank: Bank) -> None:
    payment = await bank.begun(await make.order())
    path = f"{PAYMENTS}/{payment.id}/events"
    async with in_production(world) as api:
        refused = await api.get(path, by=await make.user(UserType.ADMIN))
        assert assert_problem(refused, 403)["type"] == "/problems/second-factor-needed"
        assert (await api.get(path, by=await make.existing_user(payment.buyer_id))).status_code == 200


def test_the_document_names_every_way_of_learning_of_an_event() -> None:
    described = document()["components"]["schemas"]["EventOut"]["properties"]["source"]["description"]
    assert set(re.findall("`([a-z]+)`", described)) == SOURCES
