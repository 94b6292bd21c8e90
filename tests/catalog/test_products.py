"""Products: published by approved vendors, seen by everybody without what is nobody's business."""

import asyncio
from typing import Any

import pytest

from mestore.catalog.models import Product, ProductStatus
from mestore.users.models import UserType
from mestore.vendors.models import VendorStatus
from tests.api import Api
from tests.make import Make
from tests.rows import Rows


async def coffee(make: Make) -> dict[str, Any]:
    return {
        "sku": "cafe-500",
        "name": "Café de origen 500 g",
        "description": "Tostado medio.",
        "category_id": str((await make.category()).id),
        "brand": "Sierra",
        "precio_venta": "32000.00",
        "precio_costo": "18000.00",
        "iva_class": "REDUCED",
        "stock": 40,
        "weight_kg": "0.500",
        "tags": ["café"],
        "attributes": {"origen": "Sierra Nevada"},
    }


async def test_a_published_product_is_for_sale_at_once(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    answer = await api.post("/api/v1/products", await coffee(make), by=await make.owner(vendor))
    assert answer.status_code == 201
    own = answer.json()
    assert (own["sku"], own["slug"], own["precio_costo"], own["stock"]) == (
        "CAFE-500",
        "cafe-de-origen-500-g",
        "18000.00",
        40,
    )
    public = (await api.get(f"/api/v1/products/{own['id']}")).json()
    assert {
        "precio_venta": "32000.00",
        "iva_rate": "0.05",
        "precio_con_iva": "33600.00",
        "stock_disponible": 40,
        "in_stock": True,
        "vendedor_id": str(vendor.id),
        "status": "APPROVED",
        "attributes": {"origen": "Sierra Nevada"},
    }.items() <= public.items()
    assert public["vendor"] == {"slug": vendor.slug, "business_name": vendor.business_name, "rating": None}


async def test_the_public_sees_neither_cost_nor_stock_on_hold(api: Api, make: Make) -> None:
    product = await make.product(stock=5, reserved=2)
    for shown in (
        (await api.get(f"/api/v1/products/{product.id}")).json(),
        (await api.get("/api/v1/products")).json()["items"][0],
    ):
        assert shown["stock_disponible"] == 3
        assert not {"precio_costo", "stock", "reserved"} & shown.keys()


@pytest.mark.parametrize(
    "hidden",
    [
        {"status": ProductStatus.DRAFT},
        {"status": ProductStatus.PENDING},
        {"status": ProductStatus.REJECTED},
        {"status": ProductStatus.INACTIVE},
    ],
)
async def test_what_is_not_approved_is_absent_to_the_public(api: Api, make: Make, hidden: dict[str, Any]) -> None:
    product = await make.product(**hidden)
    assert (await api.get(f"/api/v1/products/{product.id}")).status_code == 404
    assert (await api.get("/api/v1/products")).json()["items"] == []


async def test_products_of_a_suspended_shop_are_absent(api: Api, make: Make) -> None:
    product = await make.product(vendor=await make.vendor(status=VendorStatus.SUSPENDED))
    assert (await api.get(f"/api/v1/products/{product.id}")).status_code == 404
    assert (await api.get("/api/v1/products")).json()["items"] == []


async def test_a_sku_is_taken_once_per_shop_also_at_the_same_time(api: Api, make: Make, rows: Rows) -> None:
    owner, other = await make.owner(await make.vendor()), await make.owner(await make.vendor())
    body = await coffee(make)
    await api.token(owner)
    answers = await asyncio.gather(*(api.post("/api/v1/products", body, by=owner) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert (await api.post("/api/v1/products", body, by=other)).status_code == 201
    assert await rows.count(Product) == 2


async def test_who_may_not_publish(api: Api, make: Make, rows: Rows) -> None:
    body = await coffee(make)
    assert (await api.post("/api/v1/products", body)).status_code == 401
    for nobody in (await make.buyer(), await make.user(UserType.ADMIN)):
        assert (await api.post("/api/v1/products", body, by=nobody)).status_code == 403
    waiting = await make.owner(await make.vendor(status=VendorStatus.PENDING))
    refused = await api.post("/api/v1/products", body, by=waiting)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/may-not-publish")
    unverified = await make.owner(await make.vendor())
    await rows.execute("UPDATE users SET email_verified = false WHERE id = :id", id=unverified.id)
    assert (await api.post("/api/v1/products", body, by=unverified)).status_code == 403
    assert await rows.count(Product) == 0


async def test_an_unknown_category_is_refused(api: Api, make: Make, rows: Rows) -> None:
    body = await coffee(make) | {"category_id": "01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10"}
    answer = await api.post("/api/v1/products", body, by=await make.owner(await make.vendor()))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/category-not-found")
    assert await rows.count(Product) == 0


async def test_my_products_are_all_mine(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    draft = await make.product(vendor=vendor, status=ProductStatus.DRAFT)
    await make.product()
    own = (await api.get("/api/v1/products/my-products", by=await make.owner(vendor))).json()
    assert [each["id"] for each in own["items"]] == [str(draft.id)]
    assert (await api.get("/api/v1/products/my-products", by=await make.buyer())).status_code == 403
    assert (await api.get("/api/v1/products/my-products")).status_code == 401


async def test_filters_and_pages(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    mine = [await make.product(vendor=vendor, stock=index) for index in range(4)]
    await make.product()
    path = f"/api/v1/products?vendor_id={vendor.id}&limit=3&total=true"
    first = (await api.get(path)).json()
    assert ([each["id"] for each in first["items"]], first["total"]) == ([str(each.id) for each in mine[:0:-1]], 4)
    rest = (await api.get(f"{path}&cursor={first['next_cursor']}")).json()
    assert [each["id"] for each in rest["items"]] == [str(mine[0].id)]
    in_stock = (await api.get(f"/api/v1/products?vendor_id={vendor.id}&in_stock=true")).json()["items"]
    assert [each["id"] for each in in_stock] == [str(each.id) for each in mine[:0:-1]]


async def test_the_category_tree(api: Api, make: Make) -> None:
    top = await make.category(name="Hogar", slug="hogar")
    await make.category(name="Cocina", slug="cocina", parent_id=top.id)
    tree = {each["slug"]: each["parent_id"] for each in (await api.get("/api/v1/categories")).json()}
    assert tree == {"hogar": None, "cocina": str(top.id)}
