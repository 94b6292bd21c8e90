"""Wompi fails: its breaker opens, PSE goes through PayU meanwhile, and the first payment that works closes it again."""

from typing import Any

from mestore.app.demo import purchases
from mestore.app.demo.story import Story
from mestore.app.demo.web import eventually, expect

_MOST_FAILURES = 20
_LEEWAY_SECONDS = 15
_NEQUI = {"phone": "3991111111"}
_PSE = {"bank_code": "1022", "user_type": "PERSON", "document_type": "CC", "document_number": "1020304050"}


def fail_until_open(story: Story) -> str:
    """By force: the sandbox's Wompi answers 500 before anything is charged."""
    purchase = purchases.place(story, "away", "Nequi while Wompi fails")
    purchase.ends = ("ERROR", purchases.ABANDONED)
    fault = {"action": "fail_next", "call": "GET /merchants/info", "mode": "500"}
    failures = 0
    while _breaker(story) != "opened" and failures < _MOST_FAILURES:
        story.sandbox.post("/control/wompi", json=fault)
        purchases.pay(purchase, "NEQUI", _NEQUI, status=503)
        failures += 1
    expect(_breaker(story) == "opened", f"after {failures} failures Wompi's breaker is {_breaker(story)}")
    offered = {each["method"]: each["gateways"] for each in story.api.get("/payments/methods")["methods"]}
    expect("NEQUI" not in offered and offered["PSE"] == ["payu"], f"what is offered is {offered}")
    purchases.give_up(purchase, "No pude pagar")
    return f"{failures} × 503; GET /payments/health: wompi opened; Nequi is offered no more, PSE by PayU alone"


def pay_by_payu(story: Story) -> str:
    purchase = purchases.place(story, "payu", "PSE, PayU")
    attempt = purchases.pay(purchase, "PSE", _PSE)
    expect(attempt["gateway"] == "payu", f"PSE went to {attempt['gateway']}")
    page = story.sandbox.ask("GET", attempt["payment_url"]).text
    amount = purchases.shown_amount(purchase)
    expect(amount in page, f"the bank's page does not show {amount}")
    story.sandbox.ask("POST", attempt["payment_url"], 303, data={"outcome": "approve"})
    return f"gateway payu; its bank shows {amount}, approved; {purchases.wait_for(purchase, *purchase.ends)}"


def pay_by_nequi(story: Story) -> str:
    """The attempt that finds out whether Wompi works again."""
    patience = story.settings.payments.breaker_seconds + _LEEWAY_SECONDS
    eventually(lambda: _breaker(story) != "opened", "Wompi's breaker stays opened", patience=patience, tell=story.tell)
    purchase = purchases.place(story, "nequi", "Nequi, Wompi")
    attempt = purchases.pay(purchase, "NEQUI", _NEQUI)
    expect(attempt["gateway"] == "wompi", f"Nequi went to {attempt['gateway']}")
    expect(_breaker(story) == "closed", f"Wompi answered, and its breaker is {_breaker(story)}")
    return f"gateway wompi, whose breaker is closed again; {purchases.wait_for(purchase, *purchase.ends)}"


def _breaker(story: Story) -> Any:
    return story.api.get("/payments/health")["gateways"]["wompi"]["breaker"]
