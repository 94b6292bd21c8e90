"""A shopper, as the cart's tests have one: signed in or a guest."""

from dataclasses import dataclass
from typing import Any

import httpx

from mestore.catalog.models import Product
from mestore.users.models import User
from tests.api import Api
from tests.make import SHIPPING

CART, ITEMS, MERGE, CHECKOUT = (f"/api/v1/cart{end}" for end in ("", "/items", "/merge", "/checkout"))
Json = dict[str, Any]


@dataclass
class Shopping:
    api: Api
    by: User | None = None
    token: str | None = None

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {} if self.token is None else {"X-Cart-Token": self.token}
        return await self.api.request(method, path, by=self.by, headers=headers | more.pop("headers", {}), **more)

    async def add(self, product: Product, quantity: int = 1, query: str = "") -> httpx.Response:
        body = {"product_id": str(product.id), "quantity": quantity}
        answer = await self.ask("POST", ITEMS + query, json=body)
        if answer.status_code == 200 and self.by is None:
            self.token = answer.json()["token"]
        return answer

    async def change(self, item_id: int, quantity: int) -> httpx.Response:
        return await self.ask("PATCH", f"{ITEMS}/{item_id}", json={"quantity": quantity})

    async def remove(self, item_id: int) -> httpx.Response:
        return await self.ask("DELETE", f"{ITEMS}/{item_id}")

    async def merge(self, token: str | None) -> httpx.Response:
        headers = {} if token is None else {"X-Cart-Token": token}
        return await self.api.post(MERGE, by=self.by, headers=headers)

    async def see(self, query: str = "") -> Json:
        answer = await self.ask("GET", CART + query)
        assert answer.status_code == 200, answer.text
        seen: Json = answer.json()
        return seen

    async def units(self) -> list[tuple[str, int]]:
        """What is in the cart: the product's id and how many of it."""
        return [(item["product"]["id"], item["quantity"]) for item in (await self.see())["items"]]

    async def check_out(self, total: str | None = None, *, key: str | None = None, **more: Any) -> httpx.Response:
        """At the total that is shown, unless another is named."""
        expected = total or (await self.see("?municipality_code=11001"))["totals"]["total_amount"]
        body = {"shipping_info": SHIPPING, "expected_total": expected} | more
        return await self.ask("POST", CHECKOUT, json=body, headers={"Idempotency-Key": key} if key else {})
