import threading
import time
from typing import Any

import httpx
import pytest

from .running import RunningSandbox, eventually
from .shop import PUBLIC_KEY, Shop, Webhook, pse


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"action": "explode"}',
        b'{"action": "advance_clock"}',
        b'{"action": "advance_clock", "seconds": "60"}',
        b'{"action": "advance_clock", "seconds": -1}',
        b'{"action": "reset", "and": "more"}',
        b'{"action": "fail_next", "call": "GET /nothing", "mode": "500"}',
        b'{"action": "fail_next", "call": "POST /transactions", "mode": "sulk"}',
        b'{"action": "force_outcome", "reference": "nobody", "status": "APPROVED"}',
        b'{"action": "replay", "event_id": 99999}',
        b'{"action": "forge_event", "changes": {"event.deeper": 1}}',
    ],
)
def test_bad_actions_are_422(sandbox: RunningSandbox, body: bytes) -> None:
    response = httpx.post(f"{sandbox.url}/control/wompi", content=body)
    assert response.status_code == 422
    assert response.json()["error"]


def test_force_outcome_with_another_amount(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    reference = shop.pay()["reference"]
    sandbox.control("force_outcome", reference=reference, status="APPROVED", amount_in_cents=1_500_000, currency="USD")
    found = shop.by_reference(reference)[0]
    assert (found["status"], found["amount_in_cents"], found["currency"]) == ("APPROVED", 1_500_000, "USD")
    assert '"amount_in_cents":1500000' in eventually(lambda: webhook.received)[0][1]
    sandbox.control("force_outcome", reference=reference, status="VOIDED")
    assert shop.by_reference(reference)[0]["status"] == "VOIDED"
    refused = httpx.post(
        f"{sandbox.url}/control/wompi",
        json={"action": "force_outcome", "reference": reference, "status": "DECLINED"},
    )
    assert refused.status_code == 422
    assert "is VOIDED and cannot become DECLINED" in refused.json()["error"]


def test_timeout_after_processing_keeps_the_transaction(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("fail_next", call="POST /transactions", mode="timeout_after_processing")
    body = shop.body(pse("1"))
    with pytest.raises(httpx.ReadTimeout):
        shop.post(body, seconds=0.3)
    found = eventually(lambda: shop.by_reference(body["reference"]))
    eventually(lambda: shop.get(found[0]["id"])["status"] == "APPROVED")
    # Our own retry meets the first one's reference.
    assert "reference" in shop.post(body | shop.acceptance()).json()["error"]["messages"]


def test_held_callers_block_nobody(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("fail_next", call="POST /transactions", mode="timeout_after_processing", times=5)
    bodies = [shop.body() for _ in range(5)]
    errors: list[type[Exception]] = []

    def post(body: dict[str, Any]) -> None:
        try:
            shop.post(body, seconds=30)
        except httpx.HTTPError as error:
            errors.append(type(error))

    threads = [threading.Thread(target=post, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    eventually(lambda: all(shop.by_reference(body["reference"]) for body in bodies))
    began = time.monotonic()
    assert shop.pay()["status"] == "PENDING"
    assert time.monotonic() - began < 1
    assert errors == []
    sandbox.control("reset")  # which lets go of them, by cutting the connection
    for thread in threads:
        thread.join()
    assert errors == [httpx.ReadError] * 5


def test_timeout_before_processing_keeps_nothing(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("fail_next", call="POST /transactions", mode="timeout_before_processing", seconds=0.2)
    body = shop.body()
    with pytest.raises(httpx.ReadError):
        shop.post(body)
    assert shop.by_reference(body["reference"]) == []
    assert shop.post(body).status_code == 201


def test_reset_connection(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("fail_next", call="GET /transactions/{id}", mode="reset", times=2)
    transaction = shop.pay()
    for _ in range(2):
        with pytest.raises(httpx.ReadError):
            shop.get(transaction["id"])
    assert shop.get(transaction["id"])["id"] == transaction["id"]


def test_a_reset_connection_leaves_nothing_open(shop: Shop, sandbox: RunningSandbox) -> None:
    """The sandbox looks through all that it has open; with what it forgot to close it would end by accepting nobody."""
    sandbox.control("fail_next", call="GET /transactions/{id}", mode="reset", times=20)
    transaction, before = shop.pay(), sandbox.open_files()
    for _ in range(20):
        with pytest.raises(httpx.ReadError):
            shop.get(transaction["id"])
    assert sandbox.open_files() <= before + 2


def test_slow_answer_is_right_in_the_end(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("fail_next", call="GET /transactions", mode="slow", seconds=0.4)
    began = time.monotonic()
    assert shop.by_reference("nobody") == []
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize(
    ("mode", "status", "kind"),
    [
        ("500", 500, "application/json"),
        ("502_html", 502, "text/html"),
        ("html_200", 200, "text/html"),
        ("429", 429, "application/json"),
        ("redirect_302", 302, ""),
        ("huge_200", 200, "application/json"),
    ],
)
def test_other_faults(shop: Shop, sandbox: RunningSandbox, mode: str, status: int, kind: str) -> None:
    sandbox.control("fail_next", call="GET /merchants/info", mode=mode)
    response = shop.http.get("merchants/info", headers={"x-merchant-public-key": PUBLIC_KEY})
    assert response.status_code == status
    assert response.headers.get("content-type", "").startswith(kind)
    assert set(shop.acceptance()) == {"acceptance_token", "accept_personal_auth"}


def test_reset_forgets_all(shop: Shop, sandbox: RunningSandbox) -> None:
    shop.pay(pse("1"))
    eventually(sandbox.events)
    sandbox.control("advance_clock", seconds=1_000)
    sandbox.control("reset")
    assert (sandbox.transactions(), sandbox.events(), sandbox.deliveries(), sandbox.mails()) == ([], [], [], [])
