"""Steps 1 to 7: the order."""

from collections.abc import Sequence
from typing import Any

from mestore.app.demo import sums
from mestore.app.demo.story import Line, Shop, Story
from mestore.app.demo.web import expect


def post_order(story: Story) -> str:
    story.placed = _post(story)
    story.order = story.placed.json()
    expect(story.order["status"] == "PENDING", f"the order is {story.order['status']}")
    return f"POST /api/v1/orders/ → 201 with {len(story.lines)} items of {len(story.shops)} vendors, by a bearer token"


def recognise_token(story: Story) -> str:
    me = story.buyer.get("/auth/me")
    expect(me["id"] == story.order["buyer_id"], "the order belongs to somebody else")
    story.api.get("/auth/me", 401)
    return f"GET /auth/me → {me['email']}, {me['user_type']}, the order's buyer; without a token 401"


def validate_schema(story: Story) -> str:
    line = story.lines[0]
    before = story.available(line)
    body = {**body_of(story.lines), "items": [{"product_id": line.product_id, "quantity": "dos"}], "coupon": "GRATIS"}
    refused = story.buyer.ask("POST", "/orders/", 422, json=body)
    kind = refused.headers["content-type"]
    expect(kind.startswith("application/problem+json"), f"the refusal is {kind}")
    found = [".".join(error["loc"]) for error in refused.json()["errors"]]
    expect({"body.items.0.quantity", "body.coupon"} <= set(found), f"errors only at {found}")
    expect(story.available(line) == before, "the refused order reserved stock")
    return f"a bad body → 422 problem, errors at {' and '.join(found)}; nothing was reserved"


def check_stock(story: Story) -> str:
    """Of the new shop's products, which nobody else buys meanwhile."""
    moves = []
    for line in _of(story, story.new_shop):
        before, after = int(line.product["stock_disponible"]), story.available(line)
        expect(after == before - line.quantity, f"{line.product['name']}: {before} became {after}")
        moves.append(f"{line.product['sku']} {before} → {after}")
    too_many = {**body_of(story.lines), "items": [{"product_id": story.lines[1].product_id, "quantity": 900}]}
    story.buyer.ask("POST", "/orders/", 409, json=too_many)
    return f"GET /products/… stock_disponible: {', '.join(moves)}; 900 at once → 409"


def compute_totals(story: Story) -> str:
    rules = story.settings.orders
    by_vendor = {package["vendor_id"]: sums.shown(package, "total") for package in story.order["packages"]}
    wanted = {shop.vendor["id"]: sums.of_package(_of(story, shop), rules) for shop in story.shops}
    expect(by_vendor == wanted, f"the packages show {_all(by_vendor)}, not {_all(wanted)}")
    found, right = sums.shown(story.order, "total_amount"), sums.together(list(wanted.values()))
    expect(found == right, f"the order shows {found}, not {right}")
    return f"{found}, as computed apart from it; per package too"


def read_order(story: Story) -> str:
    order = story.buyer.get(story.order_path)
    expect(order == story.order, "what is stored differs from what was answered")
    items = {item["product_id"]: (item["quantity"], item["unit_price"]) for item in order["items"]}
    wanted = {line.product_id: (line.quantity, line.product["precio_venta"]) for line in story.lines}
    expect(items == wanted, f"the items are {items}")
    packages = {package["id"] for package in order["packages"]}
    expect({item["package_id"] for item in order["items"]} == packages, "an item is in no package of the order")
    return f"GET {story.order_path} → {len(items)} items in {len(packages)} packages, one per vendor"


def return_order(story: Story) -> str:
    again = _post(story)
    expect(again.headers.get("Idempotent-Replayed") == "true", "the repeated request was executed again")
    expect(again.content == story.placed.content, "the repeated request got another answer")
    order = story.order
    return f"id {order['id']}, {order['order_number']}; the same Idempotency-Key gets the same bytes, replayed"


def _post(story: Story) -> Any:
    return story.buyer.ask(
        "POST", "/orders/", 201, json=body_of(story.lines), headers={"Idempotency-Key": f"order-{story.run}"}
    )


def body_of(lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "items": [{"product_id": line.product_id, "quantity": line.quantity} for line in lines],
        "shipping_info": {
            "name": "Ana Ruiz",
            "phone": "3001234567",
            "address": "Cra 7 # 71-21 Apto 301",
            "city": "Bogotá",
            "department": "Bogotá D.C.",
            "municipality_code": "11001",
            "postal_code": "110231",
            "notes": "portería",
        },
    }


def _of(story: Story, shop: Shop) -> Sequence[Line]:
    return [line for line in story.lines if line.product["vendedor_id"] == shop.vendor["id"]]


def _all(found: dict[str, sums.Sum]) -> str:
    return "; ".join(map(str, found.values()))
