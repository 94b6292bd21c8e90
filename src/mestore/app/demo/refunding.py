"""Money back to cards through their gateway: a part of one, and all of another."""

from decimal import Decimal
from typing import Any

from mestore.app.demo import purchases
from mestore.app.demo.cash import owner
from mestore.app.demo.story import Purchase, Story
from mestore.app.demo.web import eventually, expect

_PART = Decimal(20_000)
_PATIENCE_SECONDS = 120
"""A gateway that has not sent it at once is asked again after half a minute."""


def refund_in_part(story: Story) -> str:
    purchase = story.purchases["card"]
    purchase.ends = ("PARTIALLY_REFUNDED", "CONFIRMED")
    path = f"/payments/{purchase.attempt['payment_id']}/refunds"
    wanted = {"amount": f"{_PART:.2f}", "reason": "El empaque llegó golpeado"}
    admin, key = owner(story), {"Idempotency-Key": f"refund-{story.run}"}
    first = admin.post(path, 201, json=wanted, headers=key)
    again = admin.post(path, 201, json=wanted, headers=key)
    expect(first["id"] == again["id"], "the repeated request made a second refund")
    too_much = {"amount": purchase.order["total_amount"], "reason": "Todo otra vez"}
    admin.post(path, 409, json=too_much)
    made = _made(story, purchase)
    expect(Decimal(made["amount"]) == _PART, f"{made['amount']} went back")
    return f"POST {path} → 201, more than was paid → 409; {purchases.wait_for(purchase, *purchase.ends)}"


def refund_in_full(story: Story) -> str:
    """Its buyer changes her mind before anything is shipped."""
    purchase = story.purchases["hosted"]
    purchase.ends = ("REFUNDED", purchases.ABANDONED)
    purchases.give_up(purchase, "Ya no lo necesito")
    made = _made(story, purchase)
    total = purchase.order["total_amount"]
    expect(made["amount"] == total, f"{made['amount']} of {total} went back")
    return f"POST {purchase.order_path}/cancel → 200, {total} COP back; {purchases.wait_for(purchase, *purchase.ends)}"


def _made(story: Story, purchase: Purchase) -> Any:
    def made() -> Any:
        found = purchase.buyer.get(f"{purchase.order_path}/refunds")["refunds"]
        return next((refund for refund in found if refund["status"] == "MADE"), None)

    return eventually(made, "the gateway did not send the money", patience=_PATIENCE_SECONDS, tell=story.tell)
