"""A cart as JSON. `CartOut` says the same as a model; `tests/cart/test_view.py` holds the two together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mestore.cart.lines import CartLine, CartPackage, line_of_product
from mestore.orders.totals import Line, Totals, order_totals


@dataclass(frozen=True)
class CartView:
    token: str | None
    """A guest's own, as it was sent."""
    lines: Sequence[CartLine]
    packages: Sequence[CartPackage]
    municipality_code: str | None

    def json(self) -> bytes:
        counted = line_of_product(self.packages)
        totals = order_totals([each.package for each in self.packages])
        item_ids = {line.wanted.product_id: line.item_id for line in self.lines}
        shown = {
            "token": self.token,
            "items": [_item(line, counted.get(line.wanted.product_id)) for line in self.lines],
            "packages": [
                _package(each, [item_ids[line.product.product_id] for line in each.package.lines], self._shop(each))
                for each in self.packages
            ],
            "totals": {**_amounts(totals), "total_amount": totals.total_amount},
            "municipality_code": self.municipality_code,
            "coupon": None,
        }
        return orjson.dumps(shown, default=str, option=orjson.OPT_PASSTHROUGH_DATACLASS)

    def _shop(self, package: CartPackage) -> dict[str, Any]:
        """As its products name it."""
        vendor_id = package.package.vendor_id
        product = next(line.product for line in self.lines if line.wanted.vendor_id == vendor_id)
        return {"id": vendor_id, **orjson.loads(product)["vendor"]}


def _item(line: CartLine, counted: Line | None) -> dict[str, Any]:
    return {
        "id": line.item_id,
        "product": orjson.Fragment(line.product),
        "quantity": line.wanted.quantity,
        "unit_price": line.wanted.unit_price,
        "price_changed": line.price_changed,
        "unit_price_before": line.agreed_price if line.price_changed else None,
        "available": line.shortage is None,
        "unavailable_because": line.shortage,
        "stock_disponible": line.stock_disponible,
        "total_price": counted and counted.total_price,
        "iva_amount": counted and counted.iva_amount,
    }


def _package(each: CartPackage, item_ids: list[int], shop: dict[str, Any]) -> dict[str, Any]:
    totals, promise = each.package.totals, each.quote.promise
    return {
        "vendor": shop,
        "item_ids": item_ids,
        **_amounts(totals),
        "total": totals.total_amount,
        "missing_for_free_shipping": each.missing_for_free_shipping,
        "delivery_promise": {
            "min_days": promise.min_days,
            "max_days": promise.max_days,
            "earliest": promise.earliest,
            "latest": promise.latest,
        },
    }


def _amounts(totals: Totals) -> dict[str, Any]:
    return {
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "iva_amount": totals.iva_amount,
        "shipping_cost": totals.shipping_cost,
    }
