"""Products changed by their vendor: by nobody else, never below what orders hold, and seen by all at once."""

import asyncio
from typing import Any

import httpx
import pytest

from mestore.catalog.models import Product, ProductSlug, ProductStatus, StockMovement
from mestore.catalog.moderation import reasons_to_look
from mestore.core.market_settings import CatalogSettings
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import SHIPPING, Make
from tests.rows import Rows

PRODUCTS = "/api/v1/products"


async def body_of(make: Make, **more: Any) -> dict[str, Any]:
    return {
        "sku": "TAZA-1",
        "name": "Taza de barro",
        "category_id": str((await make.category()).id),
        "precio_venta": "20000.00",
        "stock": 10,
        "weight_kg": "0.300",
        **more,
    }


async def shop(make: Make, **product: Any) -> tuple[User, Product]:
    vendor = await make.vendor()
    return await make.owner(vendor), await make.product(vendor=vendor, **product)


async def test_a_patch_changes_what_it_names_and_nothing_else(api: Api, make: Make) -> None:
    owner, product = await shop(make, price=1_000, brand="Ráquira")
    answer = await api.request("PATCH", f"{PRODUCTS}/{product.id}", by=owner, json={"precio_venta": "1500.00"})
    assert answer.status_code == 200
    after = answer.json()
    assert (after["precio_venta"], after["brand"], after["name"]) == ("1500.00", "Ráquira", product.name)
    assert (await api.get(f"{PRODUCTS}/{product.id}")).json()["precio_venta"] == "1500.00"


async def test_a_put_puts_what_it_does_not_name_back(api: Api, make: Make) -> None:
    owner, product = await shop(make, brand="Ráquira", description="Hecha a mano.")
    answer = await api.request("PUT", f"{PRODUCTS}/{product.id}", by=owner, json=await body_of(make))
    assert answer.status_code == 200
    assert (answer.json()["brand"], answer.json()["description"], answer.json()["stock"]) == (None, "", 10)


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"precio_venta": "99.00"},
        {"precio_venta": None},
        {"stock": -1},
        {"reserved": 3},
        {"status": "APPROVED"},
    ],
)
async def test_a_patch_that_does_not_fit_changes_nothing(
    api: Api, make: Make, rows: Rows, body: dict[str, Any]
) -> None:
    owner, product = await shop(make)
    answer = await api.request("PATCH", f"{PRODUCTS}/{product.id}", by=owner, json={"brand": "Otra", **body})
    assert answer.status_code == 422
    assert (await rows.get(Product, product.id)).brand == product.brand


async def test_a_change_made_up_on_what_has_changed_since_is_refused(api: Api, make: Make, rows: Rows) -> None:
    owner, product = await shop(make, price=1_000)
    path = f"{PRODUCTS}/{product.id}"
    tags = [(await api.get(path, by=by)).headers["ETag"] for by in (owner, None)]
    assert tags[0] != tags[1]
    for tag, price in zip(tags, ("1100.00", "1200.00"), strict=True):
        fresh = (await api.get(path, by=owner if tag == tags[0] else None)).headers["ETag"]
        headers = {"If-Match": fresh}
        changed = await api.request("PATCH", path, by=owner, json={"precio_venta": price}, headers=headers)
        assert changed.status_code == 200
        again = await api.request("PATCH", path, by=owner, json={"precio_venta": "9900.00"}, headers=headers)
        assert (again.status_code, again.json()["type"]) == (412, "/problems/stale")
    assert str((await rows.get(Product, product.id)).precio_venta) == "1200.00"


async def test_of_two_changes_at_once_on_one_tag_one_wins(api: Api, make: Make) -> None:
    owner, product = await shop(make)
    path = f"{PRODUCTS}/{product.id}"
    headers = {"If-Match": (await api.get(path, by=owner)).headers["ETag"]}
    answers = await asyncio.gather(
        *(api.request("PATCH", path, by=owner, json={"brand": f"Marca {n}"}, headers=headers) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_new_name_has_a_new_address_and_the_old_one_still_leads_there(api: Api, make: Make) -> None:
    owner, product = await shop(make, name="Taza vieja", slug="taza-vieja")
    await api.request("PATCH", f"{PRODUCTS}/{product.id}", by=owner, json={"name": "Taza nueva"})
    for slug in ("taza-nueva", "taza-vieja"):
        found = (await api.get(f"{PRODUCTS}/by-slug/{slug}")).json()
        assert (found["id"], found["slug"]) == (str(product.id), "taza-nueva")
    assert (await api.get(f"{PRODUCTS}/by-slug/nunca-fue")).status_code == 404


async def test_many_of_one_name_at_once_have_an_address_each(api: Api, make: Make, rows: Rows) -> None:
    owner = await make.owner(await make.vendor())
    bodies = [await body_of(make, sku=f"TAZA-{number}") for number in range(8)]
    answers = await asyncio.gather(*(api.post(PRODUCTS, body, by=owner) for body in bodies))
    assert {answer.status_code for answer in answers} == {201}
    slugs = {answer.json()["slug"] for answer in answers}
    assert len(slugs) == 8
    assert "taza-de-barro" in slugs
    assert await rows.count(ProductSlug) == 8


async def test_a_deleted_product_is_nowhere_at_once(api: Api, make: Make) -> None:
    owner, product = await shop(make)
    buyer = await make.buyer()
    path = f"{PRODUCTS}/{product.id}"
    assert (await api.request("DELETE", path, by=owner)).status_code == 204
    for address in (path, f"{PRODUCTS}/by-slug/{product.slug}"):
        assert (await api.get(address)).status_code == 404
    assert (await api.get(path, by=owner)).status_code == 404
    assert (await api.get(PRODUCTS)).json()["items"] == []
    assert (await api.get(f"{PRODUCTS}/my-products", by=owner)).json()["items"] == []
    order = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}
    assert (await api.post("/api/v1/orders", order, by=buyer)).status_code == 409
    assert (await api.request("DELETE", path, by=owner)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"brand": "Mía"}),
        ("PUT", "", None),
        ("DELETE", "", None),
        ("POST", "/submit", None),
        ("GET", "/stock-movements", None),
        ("POST", "/stock-movements", {"kind": "IN", "quantity": 5, "reason": "llegó"}),
    ],
)
async def test_somebody_elses_product_is_absent_and_stays_as_it_is(
    api: Api, make: Make, rows: Rows, method: str, path: str, body: dict[str, Any] | None
) -> None:
    _, product = await shop(make, status=ProductStatus.DRAFT)
    other = await make.owner(await make.vendor())
    json = await body_of(make) if method == "PUT" else body
    before = (await rows.execute("SELECT to_jsonb(p) FROM products p"), await rows.count(StockMovement))
    more = {} if json is None else {"json": json}
    for by, status in ((other, 404), (None, 401), (await make.buyer(), 403)):
        assert (await api.request(method, f"{PRODUCTS}/{product.id}{path}", by=by, **more)).status_code == status
    assert (await rows.execute("SELECT to_jsonb(p) FROM products p"), await rows.count(StockMovement)) == before


async def test_each_caller_sees_its_own_view(api: Api, make: Make) -> None:
    owner, product = await shop(make, status=ProductStatus.DRAFT)
    path = f"{PRODUCTS}/{product.id}"
    other = await make.owner(await make.vendor())
    for by in (None, other, await make.buyer()):
        assert (await api.get(path, by=by)).status_code == 404
    own = (await api.get(path, by=owner)).json()
    admin = (await api.get(path, by=await make.user(UserType.ADMIN))).json()
    assert ("precio_costo" in own, "deleted_at" in own, "deleted_at" in admin) == (True, False, True)
    await api.post(f"{path}/submit", by=owner)
    for by in (None, other):
        public = (await api.get(path, by=by)).json()
        assert not public.keys() & {"precio_costo", "reserved", "units_sold", "rejection_reason", "deleted_at"}


async def test_a_vendor_takes_a_product_out_of_sale_and_brings_it_back(api: Api, make: Make) -> None:
    owner, product = await shop(make)
    path = f"{PRODUCTS}/{product.id}"
    assert (await api.request("PATCH", path, by=owner, json={"status": "INACTIVE"})).status_code == 200
    assert (await api.get(path)).status_code == 404
    assert (await api.post(f"{path}/submit", by=owner)).json()["status"] == "APPROVED"
    assert (await api.get(path)).status_code == 200
    assert (await api.post(f"{path}/submit", by=owner)).json()["status"] == "APPROVED"


async def test_what_a_rule_flags_waits_for_an_administrator(api: Api, make: Make) -> None:
    owner = await make.owner(await make.vendor())
    admin = await make.user(UserType.ADMIN)
    body = await body_of(make, description="Escríbeme al 300 123 4567 y te la dejo más barata")
    waiting = (await api.post(PRODUCTS, body, by=owner)).json()
    assert waiting["status"] == "PENDING"
    path = f"{PRODUCTS}/{waiting['id']}"
    assert (await api.get(path)).status_code == 404
    assert [each["id"] for each in (await api.get("/api/v1/admin/products", by=admin)).json()["items"]] == [
        waiting["id"]
    ]
    rejected = await api.post(f"{path}/reject", {"reason": "Trae un teléfono."}, by=admin)
    assert (rejected.status_code, rejected.json()["status"]) == (200, "REJECTED")
    assert (await api.get(path, by=owner)).json()["rejection_reason"] == "Trae un teléfono."
    await api.request("PATCH", path, by=owner, json={"description": "Hecha a mano."})
    for _ in range(2):  # no way round by taking it out of sale again
        assert (await api.post(f"{path}/submit", by=owner)).json()["status"] == "PENDING"
        await api.request("PATCH", path, by=owner, json={"status": "INACTIVE"})
    await api.post(f"{path}/submit", by=owner)
    approved = (await api.post(f"{path}/approve", by=admin)).json()
    assert (approved["status"], approved["rejection_reason"]) == ("APPROVED", None)
    assert (await api.get(path)).status_code == 200


async def test_a_word_changed_after_approval_is_judged_again(api: Api, make: Make) -> None:
    owner, product = await shop(make)
    path = f"{PRODUCTS}/{product.id}"
    changed = await api.request("PATCH", path, by=owner, json={"description": "Pide en www.otra-tienda.example"})
    assert changed.json()["status"] == "PENDING"
    assert (await api.get(path)).status_code == 404


@pytest.mark.parametrize("act", ["approve", "reject"])
async def test_only_staff_judges(api: Api, make: Make, rows: Rows, act: str) -> None:
    owner, product = await shop(make, status=ProductStatus.PENDING)
    path = f"{PRODUCTS}/{product.id}/{act}"
    body = {"json": {"reason": "No."}} if act == "reject" else {}
    for by, status in ((None, 401), (owner, 403), (await make.buyer(), 403)):
        assert (await api.request("POST", path, by=by, **body)).status_code == status
    assert (await rows.get(Product, product.id)).status is ProductStatus.PENDING


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["Taza de 300 ml, 10 x 12 cm, ref. 3201234"], []),
        (["Cel. 300-123-4567"], ["contact-data"]),
        (["+57 3001234567"], ["contact-data"]),
        (["ana@tienda.co"], ["contact-data"]),
        (["Ver https://tienda.co"], ["link"]),
        (["Reloj REPLICA exacta"], ["forbidden-word"]),
        (["Replicable en casa"], []),
    ],
)
def test_reasons_to_look(words: list[str], expected: list[str]) -> None:
    assert reasons_to_look(words, CatalogSettings().forbidden_words) == expected


async def test_many_products_are_changed_each_wholly_or_not_at_all(api: Api, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    owner = await make.owner(vendor)
    good, held, same = [await make.product(vendor=vendor, price=1_000, stock=10) for _ in range(3)]
    foreign = await make.product(price=1_000)
    await make.order(units={held.id: 4})
    wanted = [
        {"product_id": str(good.id), "precio_venta": "1100.00", "stock": 7},
        {"product_id": str(held.id), "precio_venta": "1100.00", "stock": 3},
        {"product_id": str(same.id), "precio_venta": "1000.00"},
        {"product_id": str(foreign.id), "precio_venta": "1100.00"},
    ]
    answer = await api.request("PUT", f"{PRODUCTS}/bulk-update", by=owner, json={"products": wanted})
    assert answer.status_code == 200
    report = answer.json()
    assert [(row["outcome"], row["problem"]) for row in report["rows"]] == [
        ("UPDATED", None),
        ("REFUSED", "/problems/stock-reserved"),
        ("UNCHANGED", None),
        ("REFUSED", "/problems/product-not-found"),
    ]
    assert (report["updated"], report["unchanged"], report["refused"]) == (1, 1, 2)
    prices = [str((await rows.get(Product, each.id)).precio_venta) for each in (good, held, same, foreign)]
    assert prices == ["1100.00", "1000.00", "1000.00", "1000.00"]


async def test_five_hundred_are_taken_and_one_more_is_not(api: Api, make: Make) -> None:
    owner, product = await shop(make)
    for count, status in ((500, 200), (501, 422)):
        wanted = [{"product_id": str(product.id), "precio_venta": "1100.00"}] * count
        answer = await api.request("PUT", f"{PRODUCTS}/bulk-update", by=owner, json={"products": wanted})
        assert answer.status_code == status


async def sums(rows: Rows, product: Product) -> tuple[int, int]:
    (found,) = await rows.execute(
        "SELECT sum(stock_change), sum(reserved_change) FROM stock_movements WHERE product_id = :id", id=product.id
    )
    return tuple(found)


async def test_each_movement_says_who_and_why_and_their_sums_are_the_figures(api: Api, make: Make, rows: Rows) -> None:
    owner, product = await shop(make, stock=10)
    path = f"{PRODUCTS}/{product.id}/stock-movements"
    for kind, quantity, stock in (("IN", 5, 15), ("OUT", 3, 12), ("ADJUST", 11, 11), ("ADJUST", 11, 11)):
        answer = await api.post(path, {"kind": kind, "quantity": quantity, "reason": "conteo"}, by=owner)
        assert (answer.status_code, answer.json()["stock"]) == (200, stock)
    await make.order(units={product.id: 2})
    await api.request("PATCH", f"{PRODUCTS}/{product.id}", by=owner, json={"stock": 20})
    listed = (await api.get(path, by=owner)).json()["items"]
    assert [(each["kind"], each["stock_change"], each["reserved_change"]) for each in listed] == [
        ("ADJUST", 9, 0),
        ("HOLD", 0, 2),
        ("ADJUST", -1, 0),
        ("OUT", -3, 0),
        ("IN", 5, 0),
        ("IN", 10, 0),
    ]
    assert {each["user_id"] for each in listed[2:5]} == {str(owner.id)}
    assert await sums(rows, product) == (20, 2)


@pytest.mark.parametrize("way", ["movement", "patch"])
async def test_F59_stock_is_not_counted_below_what_orders_hold_however_they_meet(
    api: Api, make: Make, rows: Rows, way: str
) -> None:
    owner, product = await shop(make, stock=30)
    buyer = await make.buyer()
    order = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}

    async def count_down() -> httpx.Response:
        path = f"{PRODUCTS}/{product.id}"
        if way == "patch":
            return await api.request("PATCH", path, by=owner, json={"stock": 10})
        counted = {"kind": "ADJUST", "quantity": 10, "reason": "conteo"}
        return await api.post(f"{path}/stock-movements", counted, by=owner)

    keys = [{"Idempotency-Key": f"key-{number}"} for number in range(20)]
    *orders, answer = await asyncio.gather(
        *(api.post("/api/v1/orders", order, by=buyer, headers=key) for key in keys), count_down()
    )
    counted = answer.status_code
    placed = sum(each.status_code == 201 for each in orders)
    row = await rows.get(Product, product.id)
    assert (row.stock, row.reserved) == (10 if counted == 200 else 30, placed)
    assert placed == (10 if counted == 200 else 20)
    assert await sums(rows, product) == (row.stock, row.reserved)


async def test_my_products_are_found_by_status_text_and_low_stock(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    owner = await make.owner(vendor)
    await make.product(vendor=vendor, name="Taza única", stock=2, sku="TAZA-9")
    await make.product(vendor=vendor, name="Plato hondo", stock=50, status=ProductStatus.DRAFT)
    await make.product(name="Taza ajena")
    for query, expected in (
        ("", ["Plato hondo", "Taza única"]),
        ("?status=DRAFT", ["Plato hondo"]),
        ("?q=unica", ["Taza única"]),
        ("?q=taza-9", ["Taza única"]),
        ("?q=100%25", []),
        ("?low_stock=true", ["Taza única"]),
    ):
        found = (await api.get(f"{PRODUCTS}/my-products{query}", by=owner)).json()["items"]
        assert [each["name"] for each in found] == expected, query
    first = (await api.get(f"{PRODUCTS}/my-products?limit=1&total=true", by=owner)).json()
    assert first["total"] == 2
    second = (await api.get(f"{PRODUCTS}/my-products?limit=1&cursor={first['next_cursor']}", by=owner)).json()
    assert [each["name"] for each in (*first["items"], *second["items"])] == ["Plato hondo", "Taza única"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("spelling", ["{}", "urn:uuid:{}", "{{{}}}", "bare", "upper"])
async def test_a_product_is_changed_under_any_spelling_of_its_id(api: Api, make: Make, spelling: str) -> None:
    owner, product = await shop(make)
    spelled = {"bare": product.id.hex, "upper": str(product.id).upper()}.get(spelling, spelling.format(product.id))
    for method, body in (("PATCH", {"brand": "Otra"}), ("PUT", await body_of(make))):
        answer = await api.request(method, f"{PRODUCTS}/{spelled}", by=owner, json=body)
        assert (answer.status_code, answer.json()["id"]) == (200, str(product.id))
    assert (await api.request("DELETE", f"{PRODUCTS}/{spelled}", by=owner)).status_code == 204


@pytest.mark.parametrize("word", ["search", "suggest", "my-products"])
async def test_an_address_beside_the_ids_is_no_product(api: Api, make: Make, word: str) -> None:
    owner, _ = await shop(make)
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await api.request(method, f"{PRODUCTS}/{word}", by=owner)).status_code == 405
