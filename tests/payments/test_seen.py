"""What a buyer sees of its attempts to pay."""

import re

from tests.api import Api
from tests.document import document
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.counter import Counter

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


def test_the_document_names_every_way_of_learning_of_an_event() -> None:
    described = document()["components"]["schemas"]["EventOut"]["properties"]["source"]["description"]
    assert set(re.findall("`([a-z]+)`", described)) == SOURCES
