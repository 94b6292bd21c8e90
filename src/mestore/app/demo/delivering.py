"""From the vendors to the buyer, and one unit back."""

import json
from typing import Any

from mestore.app.demo.story import Shop, Story
from mestore.app.demo.web import eventually, expect
from mestore.tracking import signatures

_CARRIER = "servientrega"


def ship(story: Story) -> str:
    """Each vendor its own package."""
    for shop in story.shops:
        shop.owner.ask("PATCH", f"/vendor{story.order_path}/status", json={"status": "PREPARING"})
        shipment = {"carrier": "Servientrega", "guide_number": _guide(story, shop)}
        part = shop.owner.post(f"/vendor{story.order_path}/shipment", json=shipment)
        expect(part["package"]["status"] == "SHIPPED", f"the package of {shop.name} is {part['package']['status']}")
    status = story.buyer.get(story.order_path)["status"]
    expect(status == "SHIPPED", f"both packages are on their way, and the order is {status}")
    return f"both packages with Servientrega; the order is {status}"


def deliver(story: Story) -> str:
    """One package by its carrier's signed word, the other by its buyer's."""
    shop = story.new_shop
    moment = shop.owner.get(f"/vendor{story.order_path}")["package"]["shipped_at"]
    told = {"event_id": f"{story.run}-1", "guide_number": _guide(story, shop), "status": "DELIVERED", "at": moment}
    raw, path = json.dumps(told).encode(), f"/carriers/{_CARRIER}/events"
    headers = {"Content-Type": "application/json"}
    story.api.ask("POST", path, 401, content=raw, headers={**headers, signatures.HEADER: "sha256=0"})
    signed = {**headers, signatures.HEADER: signatures.sign(_secret(story), raw)}
    story.api.ask("POST", path, content=raw, headers=signed)
    story.buyer.ask("PATCH", f"{story.order_path}/status", json={"status": "DELIVERED"})
    order = story.buyer.get(story.order_path)
    states = {order["status"], *(package["status"] for package in order["packages"])}
    expect(states == {"DELIVERED"}, f"order and packages are {', '.join(sorted(states))}")
    until = min(package["returnable_until"] for package in order["packages"])
    return f"one by its carrier (a forged word: 401), one by its buyer; may be returned until {until[:10]}"


def follow(story: Story) -> str:
    """Without signing in, and without anything of a person."""
    seen = story.api.ask("GET", f"/orders/track/{story.order['order_number']}")
    told = [package["status"] for package in seen.json()["packages"]]
    expect(told == ["DELIVERED", "DELIVERED"], f"its packages are {told}")
    info = story.order["shipping_info"]
    shown = [name for name in ("name", "phone", "address") if info[name] in seen.text]
    expect(not shown, f"everybody may read {', '.join(shown)}")
    return f"GET /orders/track/{story.order['order_number']} → 200, both DELIVERED, nobody's name"


def print_receipt(story: Story) -> str:
    receipt = story.buyer.ask("GET", f"{story.order_path}/receipt")
    expect(receipt.content.startswith(b"%PDF-"), "the receipt is no PDF")
    return f"GET {story.order_path}/receipt → 200, a PDF of {len(receipt.content) // 1024} kB"


def take_back(story: Story) -> str:
    """Retracto: asked for, approved, received, and owed back."""
    owner, product_id = story.new_shop.owner, story.lines[0].product_id
    item = next(each for each in story.buyer.get(story.order_path)["items"] if each["product_id"] == product_id)
    wanted = {"items": [{"item_id": item["id"], "quantity": 1}]}
    asked = story.buyer.post(f"{story.order_path}/returns", 201, json=wanted)
    path = f"/vendor/returns/{asked['id']}"
    owner.post(f"{path}/approve")
    received = owner.post(f"{path}/receive", json={"condition": "GOOD"})

    def owed() -> Any:
        return story.buyer.get(f"{story.order_path}/refunds")["refunds"]

    (refund,) = eventually(owed, "nothing is owed back (does the worker run?)")
    expect(refund["amount"] == received["refund_amount"], f"{refund['amount']} is owed back")
    when = refund["due_at"][:10]
    return f"POST {story.order_path}/returns → 201; received, and {refund['amount']} COP go back by {when}"


def _guide(story: Story, shop: Shop) -> str:
    return f"DEMO-{story.run}-{story.shops.index(shop)}".upper()


def _secret(story: Story) -> str:
    return signatures.secrets_of(story.settings)[_CARRIER]
