"""Steps 15 to 17: the order is confirmed, the commissions are charged, everybody is told."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mestore.app.demo.story import Shop, Story
from mestore.app.demo.sums import to_the_peso
from mestore.app.demo.web import eventually, expect


def confirm_order(story: Story) -> str:
    path = f"/payments/status/order/{story.order['id']}"

    def confirmed() -> Any:
        answer = story.buyer.get(path)
        return answer if answer["order_status"] == "CONFIRMED" else None

    payments = eventually(confirmed, "the order was not confirmed")["payments"]
    paid = [(payment["status"], payment["amount"]) for payment in payments]
    expect(paid == [("APPROVED", story.order["total_amount"])], f"its payments are {paid}")
    order = story.buyer.get(story.order_path)
    expect(order["status"] == "CONFIRMED", f"GET {story.order_path} says {order['status']}")
    return f"CONFIRMED, {paid[0][1]} COP APPROVED; {'; '.join(_sold(story))}"


def _sold(story: Story) -> Iterator[str]:
    """The holds of the new shop's products became a sale."""
    own = {product["id"]: product for product in story.new_shop.owner.get("/products/my-products")["items"]}
    for line in story.lines:
        if line.product_id in own:
            now = own[line.product_id]
            left = line.product["stock"] - line.quantity
            figures = (now["stock"], now["reserved"], story.available(line))
            expect(figures == (left, 0, left), f"{now['sku']}: stock, reserved, available are {figures}")
            yield f"{now['sku']} stock {line.product['stock']} → {left}, reserved 0"


def charge_commissions(story: Story) -> str:
    return "; ".join(_commission(story, shop) for shop in story.shops)


def _commission(story: Story, shop: Shop) -> str:
    def charged() -> Any:
        rows = shop.owner.get("/commissions", params={"limit": 100})["items"]
        return [row for row in rows if row["order_id"] == story.order["id"]]

    rows = eventually(charged, f"no commission of {shop.name}")
    package = next(each for each in story.order["packages"] if each["vendor_id"] == shop.vendor["id"])
    rate = story.settings.commissions.rate
    right = to_the_peso(Decimal(package["total"]) * rate)
    found = [(row["package_id"], Decimal(row["base"]), Decimal(row["amount"])) for row in rows]
    expect(
        found == [(package["id"], Decimal(package["total"]), right)], f"{shop.name} was charged {found}, not {right}"
    )
    return f"{shop.name}: {rate:.0%} of {package['total']} = {rows[0]['amount']}"


def tell_everybody(story: Story) -> str:
    people = {"the buyer": story.buyer, **{shop.name: shop.owner for shop in story.shops}}
    return "; ".join(f"“{_letter(story, person.email)}” to {name}" for name, person in people.items())


def _letter(story: Story, email: str) -> str:
    number = story.order["order_number"]

    def letters() -> Any:
        mails = story.sandbox.get("/inbox/mails", params={"to": email})
        return [mail for mail in mails if number in mail["subject"]]

    found = eventually(letters, f"no mail about {number} to {email}")
    expect(len(found) == 1, f"{len(found)} mails about {number} to {email}")
    expect(number in found[0]["text"] and number in found[0]["html"], "the mail's text or HTML lacks the order")
    return str(found[0]["subject"]).replace(number, "").strip()
