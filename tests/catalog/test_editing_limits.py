"""Where changes of the catalogue meet one another or a limit: a refusal that says why, and nothing changed."""

import asyncio

from mestore.catalog.models import Product, StockMovement
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

PRODUCTS = "/api/v1/products"


async def shop(make: Make, stock: int = 10) -> tuple[User, Product]:
    vendor = await make.vendor()
    return await make.owner(vendor), await make.product(vendor=vendor, stock=stock)


async def test_a_category_is_removed_or_gets_a_product_never_both(api: Api, make: Make, rows: Rows) -> None:
    admin, owner = await make.user(UserType.ADMIN), await make.owner(await make.vendor())
    for user in (admin, owner):
        await api.token(user)
    for number in range(25):
        category = await make.category(slug=f"cruce-{number}")
        body = {
            "sku": f"CRUCE-{number}",
            "name": f"Cruce {number}",
            "category_id": str(category.id),
            "precio_venta": "20000.00",
            "weight_kg": "0.300",
        }
        published, removed = await asyncio.gather(
            api.post(PRODUCTS, body, by=owner), api.request("DELETE", f"/api/v1/categories/cruce-{number}", by=admin)
        )
        assert (published.status_code, removed.status_code) in {(201, 409), (422, 204)}
        inside = await rows.execute("SELECT id FROM products WHERE category_id = :id", id=category.id)
        assert len(inside) == (published.status_code == 201)


async def test_a_product_moved_into_a_category_that_is_being_removed_is_never_lost(
    api: Api, make: Make, rows: Rows
) -> None:
    admin = await make.user(UserType.ADMIN)
    owner, product = await shop(make)
    for user in (admin, owner):
        await api.token(user)
    for number in range(25):
        category = await make.category(slug=f"mudanza-{number}")
        moved, removed = await asyncio.gather(
            api.request("PATCH", f"{PRODUCTS}/{product.id}", by=owner, json={"category_id": str(category.id)}),
            api.request("DELETE", f"/api/v1/categories/mudanza-{number}", by=admin),
        )
        assert (moved.status_code, removed.status_code) in {(200, 409), (422, 204)}
        assert ((await rows.get(Product, product.id)).category_id == category.id) == (moved.status_code == 200)


async def test_stock_that_comes_in_never_adds_up_to_more_than_a_product_can_have(
    api: Api, make: Make, rows: Rows
) -> None:
    owner, product = await shop(make, stock=999_998)
    path = f"{PRODUCTS}/{product.id}/stock-movements"
    for quantity, status in ((2, 200), (1, 409), (1_000_000, 409)):
        answer = await api.post(path, {"kind": "IN", "quantity": quantity, "reason": "llegó"}, by=owner)
        assert answer.status_code == status
    assert answer.json()["type"] == "/problems/too-much-stock"
    assert ((await rows.get(Product, product.id)).stock, await rows.count(StockMovement)) == (1_000_000, 2)


async def test_units_that_orders_hold_do_not_go_out(api: Api, make: Make, rows: Rows) -> None:
    owner, product = await shop(make, stock=5)
    await make.order(units={product.id: 4})
    before = await rows.count(StockMovement)
    path = f"{PRODUCTS}/{product.id}/stock-movements"
    answer = await api.post(path, {"kind": "OUT", "quantity": 2, "reason": "roto"}, by=owner)
    assert (answer.status_code, answer.json()["type"], answer.json()["reserved"]) == (
        409,
        "/problems/stock-reserved",
        4,
    )
    assert ((await rows.get(Product, product.id)).stock, await rows.count(StockMovement)) == (5, before)


async def test_movements_come_in_pages_that_show_each_once(api: Api, make: Make) -> None:
    owner, product = await shop(make, stock=1)
    path = f"{PRODUCTS}/{product.id}/stock-movements"
    for number in range(4):
        await api.post(path, {"kind": "IN", "quantity": 1, "reason": f"entrega {number}"}, by=owner)
    seen, cursor = [], ""
    while cursor is not None:
        page = (await api.get(f"{path}?limit=2&total=true{cursor and f'&cursor={cursor}'}", by=owner)).json()
        seen += [each["id"] for each in page["items"]]
        assert page["total"] == 5
        cursor = page["next_cursor"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5


async def test_what_has_changed_since_is_not_deleted(api: Api, make: Make, rows: Rows) -> None:
    owner, product = await shop(make)
    path = f"{PRODUCTS}/{product.id}"
    seen = {"If-Match": (await api.get(path, by=owner)).headers["ETag"]}
    await api.request("PATCH", path, by=owner, json={"brand": "Otra"})
    refused = await api.request("DELETE", path, by=owner, headers=seen)
    assert (refused.status_code, refused.json()["type"]) == (412, "/problems/stale")
    assert (await rows.get(Product, product.id)).deleted_at is None
    fresh = {"If-Match": (await api.get(path, by=owner)).headers["ETag"]}
    assert (await api.request("DELETE", path, by=owner, headers=fresh)).status_code == 204


async def test_a_weak_tag_matches_nothing(api: Api, make: Make, rows: Rows) -> None:
    owner, product = await shop(make)
    path = f"{PRODUCTS}/{product.id}"
    weak = {"If-Match": f"W/{(await api.get(path, by=owner)).headers['ETag']}"}
    assert (await api.request("PATCH", path, by=owner, json={"brand": "Otra"}, headers=weak)).status_code == 412
    assert (await rows.get(Product, product.id)).brand == product.brand
