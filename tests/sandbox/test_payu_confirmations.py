"""What the simulated PayU posts: its form, its signature, and the ways in which a test may want it odd."""

import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from .payu_shop import MERCHANT, PayuShop, confirmation_sign
from .running import eventually
from .shop import Webhook


def decided(shop: PayuShop, state: str = "APPROVED", **more: Any) -> dict[str, Any]:
    paid = shop.pay()
    shop.control("force_outcome", reference=paid["reference"], state=state, **more)
    return paid


def received(webhook: Webhook, number: int = 1) -> list[dict[str, str]]:
    eventually(lambda: len(webhook.received) >= number)
    return [dict(parse_qsl(body, keep_blank_values=True)) for _, body in webhook.received]


@pytest.mark.parametrize(
    ("state", "code", "state_pol", "response_code"),
    [
        ("APPROVED", None, "4", "1"),
        ("DECLINED", None, "6", "5"),
        ("DECLINED", "INSUFFICIENT_FUNDS", "6", "6"),
        ("DECLINED", "ANTIFRAUD_REJECTED", "6", "23"),
        ("EXPIRED", None, "5", "20"),
        ("ERROR", None, "104", "9999"),
    ],
)
def test_a_confirmation_as_documented(
    payu_shop: PayuShop, webhook: Webhook, state: str, code: str | None, state_pol: str, response_code: str
) -> None:
    paid = decided(payu_shop, state, code=code)
    fields = received(webhook)[0]
    assert webhook.received[0][0]["content-type"] == "application/x-www-form-urlencoded"
    assert fields["sign"] == confirmation_sign(fields)
    expected = {
        "merchant_id": MERCHANT,
        "reference_sale": paid["reference"],
        "reference_pol": str(paid["orderId"]),
        "transaction_id": paid["transactionId"],
        "state_pol": state_pol,
        "response_code_pol": response_code,
        "value": "150000.00",
        "tax": "23950.00",
        "currency": "COP",
        "payment_method_type": "4",
        "test": "1",
        "attempts": "1",
    }
    assert {name: fields[name] for name in expected} == expected


def test_nothing_is_said_of_what_waits(payu_shop: PayuShop, webhook: Webhook) -> None:
    payu_shop.pay()
    payu_shop.control("advance_clock", seconds=3_600)
    assert webhook.received == []


def test_retries_count_their_attempts(payu_shop: PayuShop, webhook: Webhook) -> None:
    webhook.status = 503
    decided(payu_shop)
    received(webhook)
    eventually(lambda: payu_shop.deliveries()[0]["state"] == "waiting")
    for attempt, seconds in enumerate((5 * 60, 3_600, 24 * 3_600), start=2):
        made = payu_shop.control("advance_clock", seconds=seconds + 1)["deliveries"]
        assert [(each["kind"], each["attempt"], each["status_code"]) for each in made] == [("retry", attempt, 503)]
        assert received(webhook)[-1]["attempts"] == str(attempt)
    assert payu_shop.control("advance_clock", seconds=100 * 3_600)["deliveries"] == []


def test_no_retry_after_a_200(payu_shop: PayuShop, webhook: Webhook) -> None:
    decided(payu_shop)
    done = eventually(lambda: [each for each in payu_shop.deliveries() if each["state"] == "done"])
    assert (done[0]["status_code"], done[0]["answer"]) == (200, "visto")
    assert payu_shop.control("advance_clock", seconds=200_000)["deliveries"] == []


def test_held_then_delivered(payu_shop: PayuShop, webhook: Webhook) -> None:
    payu_shop.control("confirmations", paused=True)
    decided(payu_shop)
    assert webhook.received == []
    assert len(payu_shop.control("deliver_pending")["deliveries"]) == 1
    assert len(webhook.received) == 1


def test_duplicates_and_replays(payu_shop: PayuShop, webhook: Webhook) -> None:
    payu_shop.control("confirmations", duplicate=4)
    decided(payu_shop)
    assert len({fields["sign"] for fields in received(webhook, 5)}) == 1
    confirmation = payu_shop.deliveries()[0]["confirmation_id"]
    assert len(payu_shop.control("replay", confirmation_id=confirmation, times=7)["deliveries"]) == 7
    assert len(webhook.received) == 12


def test_odd_confirmations(payu_shop: PayuShop, webhook: Webhook) -> None:
    payu_shop.control("confirmations", json_body=True)
    decided(payu_shop)
    eventually(lambda: webhook.received)
    headers, body = webhook.received[0]
    told = json.loads(body)
    assert headers["content-type"] == "application/json"
    assert told["sign"] == confirmation_sign(told)
    payu_shop.control("confirmations", json_body=False, bare=True)
    decided(payu_shop)
    bare = received(webhook, 2)[1]
    assert "email_buyer" not in bare
    assert bare["sign"] == confirmation_sign(bare)
    payu_shop.control("confirmations", bare=False, wrong_sign=True)
    decided(payu_shop)
    wrong = received(webhook, 3)[2]
    assert wrong["sign"] != confirmation_sign(wrong)
    payu_shop.control("confirmations", wrong_sign=False, changes={"value": "1.00"})
    decided(payu_shop)
    changed = received(webhook, 4)[3]
    assert changed["value"] == "1.00"
    assert changed["sign"] != confirmation_sign(changed)


def test_another_amount(payu_shop: PayuShop, webhook: Webhook) -> None:
    paid = decided(payu_shop, amount=1_500)
    fields = received(webhook)[0]
    assert (fields["value"], fields["sign"]) == ("1500.00", confirmation_sign(fields))
    order = payu_shop.by_reference(paid["reference"])[0]
    assert order["transactions"][0]["additionalValues"]["TX_VALUE"]["value"] == 1_500


@pytest.mark.parametrize("genuine", [True, False])
def test_forged(payu_shop: PayuShop, webhook: Webhook, genuine: bool) -> None:
    paid = payu_shop.pay()
    changes = {"state_pol": "4", "value": "1.00"}
    payu_shop.control("forge", reference=paid["reference"], changes=changes, genuine_sign=genuine)
    fields = received(webhook)[0]
    assert (fields["state_pol"], fields["value"]) == ("4", "1.00")
    assert (fields["sign"] == confirmation_sign(fields)) is genuine
    assert payu_shop.by_reference(paid["reference"])[0]["transactions"][0]["transactionResponse"]["state"] == "PENDING"


@pytest.mark.parametrize(
    "action",
    [
        {"action": "force_outcome", "reference": "MKT-NOBODY-1", "state": "APPROVED"},
        {"action": "force_outcome", "reference": "x", "state": "PERHAPS"},
        {"action": "pay_cash", "order_id": 1},
        {"action": "decide_refund", "reference": "x", "state": "APPROVED"},
        {"action": "replay", "confirmation_id": 1},
        {"action": "forge", "reference": "x"},
        {"action": "dance"},
        {},
    ],
)
def test_levers_that_lead_nowhere(payu_shop: PayuShop, action: dict[str, Any]) -> None:
    refused = payu_shop.http.post(f"{payu_shop.sandbox.url}/control/payu", json=action)
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert payu_shop.orders() == []


def test_what_is_decided_stays_so(payu_shop: PayuShop, webhook: Webhook) -> None:
    paid = decided(payu_shop, "DECLINED")
    again = {"action": "force_outcome", "reference": paid["reference"], "state": "APPROVED"}
    assert payu_shop.http.post(f"{payu_shop.sandbox.url}/control/payu", json=again).status_code == 422
    assert payu_shop.by_reference(paid["reference"])[0]["status"] == "DECLINED"
