"""What every way to pay has in common: a new buyer with an order, an attempt, and the states it must come to."""

from decimal import Decimal
from typing import Any

from mestore.app.demo.ordering import body_of
from mestore.app.demo.people import another_buyer
from mestore.app.demo.story import Line, Purchase, Story
from mestore.app.demo.web import eventually, expect

ABANDONED = "CANCELLED"


def place(story: Story, name: str, title: str) -> Purchase:
    """One unit of the new shop's first product, for somebody new."""
    buyer = another_buyer(story, name)
    order = buyer.post("/orders/", 201, json=body_of([Line(story.lines[0].product, 1)]))
    story.purchases[name] = purchase = Purchase(title, buyer, order)
    return purchase


def pay(purchase: Purchase, method: str, data: dict[str, Any] | None = None, way: str = "", status: int = 200) -> Any:
    """`way` is the rest of the address, as in `/efecty`."""
    wanted = {"order_id": purchase.order["id"], "payment_method": method, "payment_data": data or {}}
    answer = purchase.buyer.post(f"/payments/process{way}", status, json=wanted)
    if status == 200:
        purchase.attempt = answer
    return answer


def states(purchase: Purchase) -> tuple[str, str]:
    """Of its newest payment, and of its order."""
    seen = purchase.buyer.get(f"/payments/status/order/{purchase.order['id']}")
    return seen["payments"][-1]["status"], seen["order_status"]


def wait_for(purchase: Purchase, payment: str, order: str) -> str:
    """Until both have these states, which only what the gateway says can bring about; told in words."""
    wanted = (payment, order)
    eventually(lambda: states(purchase) == wanted, f"the payment is not {payment}, or the order not {order},")
    return f"payment {payment}, order {order}"


def end_of(purchase: Purchase) -> str:
    found = states(purchase)
    expect(found == purchase.ends, f"payment {found[0]}, order {found[1]}, and not {' and '.join(purchase.ends)}")
    return f"{purchase.order['order_number']}: payment {found[0]}, order {found[1]}"


def give_up(purchase: Purchase, reason: str) -> None:
    order = purchase.buyer.post(f"{purchase.order_path}/cancel", json={"reason": reason})
    expect(order["status"] == ABANDONED, f"the order is {order['status']}")


def shown_amount(purchase: Purchase) -> str:
    """As the gateways' pages write it."""
    return f"$ {int(Decimal(purchase.order['total_amount'])):,}".replace(",", ".")
