import hashlib
import json
from typing import Any

from .running import RunningSandbox, eventually
from .shop import EVENTS_SECRET, Shop, Webhook, pse


def text_of(value: Any) -> str:
    return str(value)


def expected_checksum(event: dict[str, Any], secret: str = EVENTS_SECRET) -> str:
    """The receiver's side, written from the documentation and not from the sandbox's code."""
    parts = []
    for path in event["signature"]["properties"]:
        value = event["data"]
        for name in path.split("."):
            value = value[name]
        parts.append(text_of(value))
    parts.append(text_of(event["timestamp"] if "timestamp" in event else event["signature"]["timestamp"]))
    return hashlib.sha256(("".join(parts) + secret).encode()).hexdigest()


def settled_event(shop: Shop, sandbox: RunningSandbox, bank: str = "1") -> dict[str, Any]:
    transaction = shop.pay(pse(bank))
    event: dict[str, Any] = eventually(lambda: sandbox.events(transaction["reference"]))[0]
    return event


def test_event_as_documented(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    transaction = shop.pay(pse("1"))
    headers, raw = eventually(lambda: webhook.received)[0]
    event = json.loads(raw)
    assert event["event"] == "transaction.updated"
    assert event["environment"] == "test"
    assert isinstance(event["timestamp"], int)
    assert event["signature"]["properties"] == [
        "transaction.id",
        "transaction.status",
        "transaction.amount_in_cents",
    ]
    assert headers["x-event-checksum"] == event["signature"]["checksum"] == expected_checksum(event)
    told = event["data"]["transaction"]
    assert (told["id"], told["status"]) == (transaction["id"], "APPROVED")
    assert told["amount_in_cents"] == transaction["amount_in_cents"]
    delivery = eventually(lambda: [done for done in sandbox.deliveries() if done["state"] == "done"])[0]
    assert (delivery["status_code"], delivery["answer"], delivery["attempt"]) == (200, "visto", 1)
    assert sandbox.events()[0]["body"] == raw


def test_retries_by_the_virtual_clock(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    webhook.status = 201  # exactly 200 is success
    shop.pay(pse("1"))
    eventually(lambda: [done for done in sandbox.deliveries() if done["state"] == "done"])
    for attempt, seconds in enumerate((30 * 60, 3 * 3_600, 24 * 3_600), start=1):
        assert sandbox.control("advance_clock", seconds=seconds - 60)["deliveries"] == []
        assert len(webhook.received) == attempt
        made = sandbox.control("advance_clock", seconds=61)["deliveries"]
        assert [(one["kind"], one["attempt"], one["status_code"]) for one in made] == [("retry", attempt + 1, 201)]
    assert sandbox.control("advance_clock", seconds=100 * 3_600)["deliveries"] == []
    assert len({raw for _, raw in webhook.received}) == 1
    assert len(webhook.received) == 4


def test_no_retry_after_a_200(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    webhook.status = 503
    shop.pay(pse("1"))
    eventually(lambda: [done for done in sandbox.deliveries() if done["state"] == "done"])
    webhook.status = 200
    assert len(sandbox.control("advance_clock", seconds=1_801)["deliveries"]) == 1
    assert sandbox.control("advance_clock", seconds=200_000)["deliveries"] == []


def test_an_absent_receiver_is_recorded_and_retried(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    sandbox.control("events", url="http://127.0.0.1:9/")
    shop.pay(pse("1"))
    failed = eventually(lambda: [done for done in sandbox.deliveries() if done["state"] == "done"])[0]
    assert failed["status_code"] is None
    assert "ConnectError" in failed["error"]
    sandbox.control("events", url=None)
    assert sandbox.control("advance_clock", seconds=1_801)["deliveries"][0]["status_code"] == 200


def test_pause_reverse_and_deliver_pending(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    sandbox.control("events", paused=True, reverse_order=True)
    first, second = settled_event(shop, sandbox), settled_event(shop, sandbox, "2")
    assert webhook.received == []
    made = sandbox.control("deliver_pending")["deliveries"]
    assert [one["event_id"] for one in made] == [second["id"], first["id"]]
    assert [raw for _, raw in webhook.received] == [second["body"], first["body"]]


def test_delay_of_events(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    sandbox.control("events", delay_seconds=600)
    settled_event(shop, sandbox)
    assert sandbox.control("advance_clock", seconds=500)["deliveries"] == []
    assert len(sandbox.control("advance_clock", seconds=101)["deliveries"]) == 1


def test_duplicates(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    sandbox.control("events", duplicate=19)
    settled_event(shop, sandbox)
    eventually(lambda: len(webhook.received) == 20)
    assert len({raw for _, raw in webhook.received}) == 1


def test_replay_at_once(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    event = settled_event(shop, sandbox)
    eventually(lambda: webhook.received)
    made = sandbox.control("replay", event_id=event["id"], times=20, concurrency=20)["deliveries"]
    assert {(one["kind"], one["status_code"]) for one in made} == {("replay", 200)}
    assert [raw for _, raw in webhook.received] == [event["body"]] * 21


def test_event_before_the_response(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    sandbox.control("settle_delay", min=60, max=60)
    sandbox.control("events", before_response=True)
    transaction = shop.pay(pse("1"))
    assert transaction["status"] == "PENDING"
    assert json.loads(webhook.received[0][1])["data"]["transaction"]["status"] == "APPROVED"


def test_odd_but_right_events(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("events", shuffle_properties=True, uppercase_checksum=True, timestamp_inside_signature=True)
    event = json.loads(settled_event(shop, sandbox)["body"])
    assert "timestamp" not in event
    assert event["signature"]["properties"][0:] != [
        "transaction.id",
        "transaction.status",
        "transaction.amount_in_cents",
    ]
    assert event["signature"]["checksum"] == expected_checksum(event).upper()


def test_wrong_checksum(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("events", wrong_checksum=True)
    event = json.loads(settled_event(shop, sandbox)["body"])
    assert event["signature"]["checksum"] != expected_checksum(event)


def forge(sandbox: RunningSandbox, **values: Any) -> dict[str, Any]:
    answer = sandbox.control("forge_event", **values)
    event: dict[str, Any] = json.loads(answer["event"]["body"])
    return event


def test_forged_events(shop: Shop, sandbox: RunningSandbox, webhook: Webhook) -> None:
    genuine = settled_event(shop, sandbox, "2")
    eventually(lambda: webhook.received)
    approved = {"data.transaction.status": "APPROVED"}

    signed = forge(sandbox, event_id=genuine["id"], changes={**approved, "environment": "prod"}, sign=True)
    assert signed["environment"] == "prod"
    assert signed["signature"]["checksum"] == expected_checksum(signed)
    assert len(webhook.received) == 2

    unsigned = forge(sandbox, event_id=genuine["id"], changes=approved, sign=False, send=False)
    assert unsigned["signature"]["checksum"] != expected_checksum(unsigned)

    kept = forge(sandbox, event_id=genuine["id"], changes=approved, sign="keep", send=False)
    assert kept["signature"]["checksum"] == json.loads(genuine["body"])["signature"]["checksum"]

    substituted = forge(sandbox, event_id=genuine["id"], changes=approved, sign="property_substitution", send=False)
    assert substituted["data"]["transaction"]["status"] == "APPROVED"
    assert substituted["signature"]["checksum"] == expected_checksum(substituted)
    assert substituted["signature"]["checksum"] == json.loads(genuine["body"])["signature"]["checksum"]

    empty = forge(sandbox, changes={"data": None, "event": "nequi_token.updated"}, send=False)
    assert empty["data"] is None

    unknown = forge(sandbox, changes={"data.transaction.reference": "NOBODY-1"})
    assert unknown["data"]["transaction"]["reference"] == "NOBODY-1"
    assert unknown["signature"]["checksum"] == expected_checksum(unknown)
    assert len(webhook.received) == 3
    assert shop.get(genuine["transaction_id"])["status"] == "DECLINED"
