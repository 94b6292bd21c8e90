"""Steps 8 to 14: the payment, the bank, and Wompi's event."""

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mestore.app import demo_accounts
from mestore.app.demo.people import sign_in
from mestore.app.demo.story import Story
from mestore.app.demo.web import eventually, expect


def process_payment(story: Story) -> str:
    key = {"Idempotency-Key": f"payment-{story.run}"}
    story.attempt = story.buyer.post("/payments/process", json=_pse(story), headers=key)
    expect(story.attempt["status"] == "PENDING", f"the payment is {story.attempt['status']}")
    return f"POST /payments/process with PSE → 200, transaction {story.attempt['transaction_id']}, PENDING"


def check_owner(story: Story) -> str:
    stranger = sign_in(story, demo_accounts.BUYER.email)
    order_id = story.order["id"]
    stranger.post("/payments/process", 404, json=_pse(story))
    stranger.get(f"/payments/status/order/{order_id}", 404)
    stranger.get(story.order_path, 404)
    return f"for {stranger.email} order {order_id} does not exist: 404 when she pays, asks or reads it"


def score_fraud(story: Story) -> str:
    score, limit = story.attempt["fraud_score"], story.settings.fraud.review_from
    expect(score < limit, f"this ordinary purchase scores {score}")
    expect(story.attempt["gateway"] == "wompi", f"PSE went to {story.attempt['gateway']}")
    return f"fraud_score {score} of 100 (review from {limit}), gateway {story.attempt['gateway']}"


def give_payment_url(story: Story) -> str:
    url = story.attempt["payment_url"]
    expect(bool(url), "there is no payment_url")
    return f"payment_url {url}"


def open_bank(story: Story) -> str:
    page = story.sandbox.ask("GET", story.attempt["payment_url"])
    amount = f"$ {int(Decimal(story.order['total_amount'])):,}".replace(",", ".")
    expect(amount in page.text, f"the bank's page does not show {amount}")
    title = re.search(r"<h1>([^<]*)</h1>", page.text)
    return f"the page of {title[1] if title else 'the bank'} shows {amount} and three buttons"


def approve_at_bank(story: Story) -> str:
    pressed = story.sandbox.ask("POST", story.attempt["payment_url"], 303, data={"outcome": "approve"})
    back = pressed.headers["location"]
    expect(parse_qs(urlsplit(back).query).get("id") == [story.attempt["transaction_id"]], f"it leads to {back}")
    story.sandbox.ask("GET", back)
    return f"outcome=approve → 303 back to the shop with id={story.attempt['transaction_id']}"


def receive_event(story: Story) -> str:
    transactions = story.sandbox.get("/control/wompi/transactions")["transactions"]
    story.reference = next(each["reference"] for each in transactions if each["id"] == story.attempt["transaction_id"])
    delivery = eventually(lambda: _delivered(story), f"the event about {story.reference} was not answered")
    expect(delivery["status_code"] == 200, f"our webhook answered {delivery['status_code']}: {delivery['answer']}")
    forged = json.loads(_asked(story, "list_events")["events"][0]["body"])
    forged["data"]["transaction"]["amount_in_cents"] = 100
    story.api.post("/payments/webhook", 401, json=forged)
    return f"{delivery['event_status']} → POST {urlsplit(delivery['url']).path} → 200; the same for 1 peso → 401"


def _delivered(story: Story) -> dict[str, Any] | None:
    deliveries = _asked(story, "list_deliveries")["deliveries"]
    return next((each for each in deliveries if each["state"] == "done"), None)


def _asked(story: Story, action: str) -> Any:
    return story.sandbox.post("/control/wompi", json={"action": action, "reference": story.reference})


def _pse(story: Story) -> dict[str, Any]:
    return {
        "order_id": story.order["id"],
        "payment_method": "PSE",
        "payment_data": {
            "bank_code": "1022",
            "user_type": "PERSON",
            "document_type": "CC",
            "document_number": "1020304050",
        },
    }
