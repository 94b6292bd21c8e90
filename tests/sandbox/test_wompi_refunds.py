"""Refunds as Wompi documents them: of approved cards, in parts, never more than was paid."""

from typing import Any

import httpx
import pytest

from .running import RunningSandbox, eventually
from .shop import PUBLIC_KEY, Shop

CENTS = 15_000_000


def error_of(response: httpx.Response) -> tuple[int, Any]:
    error = response.json()["error"]
    return response.status_code, error.get("reason") or error.get("messages")


def paid(shop: Shop) -> dict[str, Any]:
    transaction = shop.pay(shop.card())
    return eventually(lambda: told if (told := shop.get(transaction["id"]))["status"] == "APPROVED" else None) or {}


def body(transaction: dict[str, Any], **changes: Any) -> dict[str, Any]:
    wanted = {
        "transaction_id": transaction["id"],
        "amount_in_cents": 5_000_000,
        "reason": "Devolución",
        "reference": "refund-1",
        **changes,
    }
    return {name: value for name, value in wanted.items() if value is not ...}


@pytest.mark.parametrize("scenario", ["approved", "declined", "error", "cancelled", None])
def test_a_refund_ends_by_its_scenario(shop: Shop, sandbox: RunningSandbox, scenario: str | None) -> None:
    transaction = paid(shop)
    sandbox.control("settle_delay", min=60, max=60)
    begun = shop.http.post("refunds", json=body(transaction, test_scenario=scenario))
    assert begun.status_code == 201, begun.text
    refund = begun.json()["data"]
    assert {"id", "status", "v2_refund_id", "amount_in_cents", "transaction_id", "reference"} <= refund.keys()
    assert refund["status"] == "PENDING"
    sandbox.control("advance_clock", seconds=61)
    expected = (scenario or "approved").upper()
    assert shop.http.get(f"refunds/{refund['id']}").json()["data"]["status"] == expected
    listed = shop.http.get("refunds", params={"reference": "refund-1"}).json()["data"]
    assert [each["status"] for each in listed] == [expected]
    assert shop.http.get("refunds", params={"reference": "refund-2"}).json()["data"] == []
    assert shop.get(transaction["id"])["status"] == "APPROVED", "only a void changes the transaction"


def test_together_not_more_than_was_paid(shop: Shop) -> None:
    transaction = paid(shop)
    declined = body(transaction, amount_in_cents=CENTS, test_scenario="declined")
    assert shop.http.post("refunds", json=declined).status_code == 201
    assert shop.http.post("refunds", json=body(transaction, amount_in_cents=10_000_000)).status_code == 201
    refused = (422, {"amount_in_cents": ["debe ser <= 5000000"]})
    assert error_of(shop.http.post("refunds", json=body(transaction, amount_in_cents=5_000_001))) == refused
    assert shop.http.post("refunds", json=body(transaction)).status_code == 201
    assert error_of(shop.http.post(f"transactions/{transaction['id']}/void"))[0] == 422


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({"transaction_id": ...}, {"transaction_id": ["transaction_id Debe ser completado"]}),
        ({"transaction_id": 7}, {"transaction_id": ["debe ser string"]}),
        ({"amount_in_cents": ...}, {"amount_in_cents": ["No está presente"]}),
        ({"amount_in_cents": "5000000"}, {"amount_in_cents": ["debe ser integer >= 1"]}),
        ({"amount_in_cents": 0}, {"amount_in_cents": ["debe ser integer >= 1"]}),
        ({"reason": 7}, {"reason": ["debe ser string"]}),
        ({"amount": 7}, {"amount": ["no está permitido"]}),
        (
            {"test_scenario": "maybe"},
            {
                "test_scenario": [
                    "debe ser igual a uno de los valores predefinidos: approved, declined, error, cancelled"
                ]
            },
        ),
    ],
)
def test_what_does_not_fit(
    shop: Shop, sandbox: RunningSandbox, changes: dict[str, Any], messages: dict[str, Any]
) -> None:
    answer = shop.http.post("refunds", json=body(paid(shop), **changes))
    assert error_of(answer) == (422, messages)
    assert sandbox.control("list_refunds")["refunds"] == []


def test_only_of_an_approved_card_that_is_there(shop: Shop) -> None:
    refused = (422, "La transacción no puede ser reembolsada")
    assert error_of(shop.http.post("refunds", json=body(shop.pay()))) == refused
    assert shop.http.post("refunds", json=body({"id": "1-2-3"})).status_code == 404
    assert shop.http.get("refunds/77").status_code == 404
    public = {"Authorization": f"Bearer {PUBLIC_KEY}"}
    assert shop.http.post("refunds", json=body(paid(shop)), headers=public).status_code == 401
    assert shop.http.get("refunds", headers=public).status_code == 401


def test_what_is_being_voided_is_not_refunded_and_voids_have_their_time(shop: Shop, sandbox: RunningSandbox) -> None:
    first, second = paid(shop), paid(shop)
    sandbox.control("settle_delay", min=60, max=60)
    assert shop.http.post(f"transactions/{first['id']}/void").status_code == 201
    assert shop.http.post("refunds", json=body(first)).status_code == 422
    sandbox.control("void_window", seconds=0)
    assert error_of(shop.http.post(f"transactions/{second['id']}/void")) == (
        422,
        "La transacción no puede ser anulada",
    )


def test_a_test_decides_what_waits(shop: Shop, sandbox: RunningSandbox) -> None:
    transaction = paid(shop)
    sandbox.control("settle_delay", min=60, max=60)
    shop.http.post("refunds", json=body(transaction))
    (decided,) = sandbox.control("decide_refund", reference="refund-1", status="DECLINED")["refunds"]
    assert decided["status"] == "DECLINED"
    refusal = httpx.post(
        f"{sandbox.url}/control/wompi", json={"action": "decide_refund", "reference": "refund-1", "status": "APPROVED"}
    )
    assert refusal.status_code == 422
