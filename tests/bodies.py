"""Valid JSON bodies, and the same with one member written by hand: what no JSON library would write."""

import json
from typing import Any

from tests.make import SHIPPING

PRODUCT: dict[str, Any] = {
    "sku": "CAFE-500",
    "name": "Café de origen 500 g",
    "category_id": "<category>",
    "precio_venta": "32000.00",
    "stock": 40,
    "weight_kg": "0.500",
}
ORDER: dict[str, Any] = {"items": [{"product_id": "<product>", "quantity": 2}], "shipping_info": SHIPPING}
REGISTER: dict[str, Any] = {
    "email": "ana@example.co",
    "password": "el-loro-canta-a-las-6",
    "full_name": "Ana Ruiz",
    "phone": "3001234567",
}
LOGIN: dict[str, Any] = {"email": "ana@example.co", "password": "el-loro-canta-a-las-6"}


def with_member(body: dict[str, Any], name: str, raw: str) -> str:
    """The body as JSON text in which the member `name` has this text for its value."""
    rest = {key: value for key, value in body.items() if key != name}
    return f'{json.dumps(rest)[:-1]}, "{name}": {raw}}}'


def with_quantity(raw: str) -> str:
    """An order whose only line has this text for its quantity."""
    return with_member(ORDER, "items", f'[{{"product_id": "<product>", "quantity": {raw}}}]')


def with_shipping(name: str, raw: str) -> str:
    return with_member(ORDER, "shipping_info", with_member(SHIPPING, name, raw))
