"""Efecty: a slip that is paid at the counter, one that the day's file tells of, and two that are paid too late."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mestore.app.demo import purchases
from mestore.app.demo.people import sign_in
from mestore.app.demo.story import Purchase, Story
from mestore.app.demo.web import Person, eventually, expect
from mestore.app.demo_accounts import OWNER
from mestore.core.clock import COLOMBIA

_KEY = {"kind": "BREB_KEY", "key_type": "PHONE", "key": "3001234567"}


def pay_at_counter(story: Story) -> str:
    purchase, code = _slip(story, "counter", "Efecty at the counter")
    valid = purchase.buyer.get(f"/payments/efecty/validate/{code}")
    expect(valid["valid"], f"the code is not valid: {valid['reason']}")
    page = f"/payvalida/counter?code={code}"
    amount = purchases.shown_amount(purchase)
    expect(amount in story.sandbox.ask("GET", page).text, f"the cashier does not see {amount}")
    story.sandbox.ask("POST", "/payvalida/counter", 303, data={"code": code})
    ended = purchases.wait_for(purchase, *purchase.ends)
    paid = purchase.buyer.get(f"/payments/efecty/validate/{code}")
    expect(paid["reason"] == "PAID", f"validate/{code} says {paid['reason']}")
    return f"code {code} is valid; the cashier takes {amount}; {ended}; now validate says PAID"


def pay_by_file(story: Story) -> str:
    """Payválida's notification is held back: the network's file of the day is the first to tell."""
    purchase, code = _slip(story, "file", "Efecty by collection file")
    _control(story, "notifications", paused=True)
    try:
        _control(story, "pay", code=code, amount=_pesos(purchase))
        day = datetime.fromtimestamp(_at_payvalida(story, code)["updated_at"], UTC).astimezone(COLOMBIA).date()
        file = story.sandbox.ask("GET", f"/payvalida/files/{day}.txt").content
        expect(purchases.states(purchase) == ("PENDING", "PENDING"), "it is paid before anybody told of it")
        told = _outcome(owner(story), file, code)
        expect((told["outcome"], told["already"]) == ("CONFIRMED", False), f"its line is {told}")
        ended = purchases.wait_for(purchase, *purchase.ends)
        again = _outcome(owner(story), file, code)
        expect(again["already"], "the same file had its effect twice")
    finally:
        _control(story, "notifications", paused=False)
    return f"POST /payments/efecty/confirm with {day}.txt → CONFIRMED, {ended}; the same file again → already"


def pay_after_expiry(story: Story) -> str:
    """A counter tells of what it took a quarter of an hour later, so an order outlives its slip."""
    purchase, code = _slip(story, "expired", "Efecty after the slip's end")
    _control(story, "force_state", order=_at_payvalida(story, code)["id"], state="VENCIDA")
    expired = purchases.wait_for(purchase, "EXPIRED", "PENDING")
    _control(story, "pay", code=code, amount=_pesos(purchase), offline=True)
    return f"the slip is over: {expired}; paid all the same: {purchases.wait_for(purchase, *purchase.ends)}"


def pay_after_cancellation(story: Story) -> str:
    purchase, code = _slip(story, "late", "Efecty after the order's end")
    purchase.ends = ("REFUNDED", purchases.ABANDONED)
    purchases.give_up(purchase, "Lo encontré en otra parte")
    story.sandbox.ask("POST", "/payvalida/counter", 303, data={"code": code})
    late = purchases.wait_for(purchase, "APPROVED", purchases.ABANDONED)
    path = f"{purchase.order_path}/refunds"
    (refund,) = eventually(lambda: purchase.buyer.get(path)["refunds"], "nothing is owed back")
    expect(refund["status"] == "MANUAL", f"its refund is {refund['status']}")
    purchase.buyer.ask("PUT", f"{path}/destination", json=_KEY)
    sent = {"reference": f"BCO-{story.run}"}
    owner(story).post(f"/admin/refunds/{refund['id']}/complete", json=sent)
    return f"{late}: {refund['amount']} COP go back by a Bre-B key; {purchases.wait_for(purchase, *purchase.ends)}"


def owner(story: Story) -> Person:
    return sign_in(story, OWNER.email)


def _slip(story: Story, name: str, title: str) -> tuple[Purchase, str]:
    purchase = purchases.place(story, name, title)
    attempt = purchases.pay(purchase, "EFECTY", way="/efecty")
    told = attempt["instructions"]
    expect(bool(told) and told["amount"] == purchase.order["total_amount"], f"its instructions are {told}")
    return purchase, str(told["code"])


def _pesos(purchase: Purchase) -> int:
    return int(Decimal(purchase.order["total_amount"]))


def _at_payvalida(story: Story, code: str) -> dict[str, Any]:
    orders = story.sandbox.get("/control/payvalida/orders")["orders"]
    return next(order for order in orders if order["reference"] == code)


def _outcome(admin: Person, file: bytes, code: str) -> dict[str, Any]:
    """What is reported of a code's line."""
    report = admin.post("/payments/efecty/confirm", files={"file": ("recaudo.txt", file, "text/plain")})
    return next(line for line in report["collections"] if line["reference"].lstrip("0") == code.lstrip("0"))


def _control(story: Story, action: str, **more: Any) -> Any:
    return story.sandbox.post("/control/payvalida", json={"action": action, **more})
