"""A product's page: what its parts say by themselves, in one answer."""

from tests.api import Api
from tests.make import Make

PRODUCTS = "/api/v1/products"


async def test_the_page_is_what_its_parts_say(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    category = await make.category()
    product = await make.product(vendor=vendor, category_id=category.id)
    like = await make.product(category_id=category.id)
    page = (await api.get(f"{PRODUCTS}/{product.id}/page")).json()
    assert page["product"] == (await api.get(f"{PRODUCTS}/{product.id}")).json()
    shop = (await api.get(f"/api/v1/vendors/{vendor.slug}")).json()
    assert page["vendor"].items() <= shop.items()
    reviews = (await api.get(f"{PRODUCTS}/{product.id}/reviews?limit=5")).json()
    assert page["reviews"] == reviews
    assert [each["id"] for each in page["similar"]["items"]] == [str(like.id)]


async def test_what_is_not_for_sale_has_no_page(api: Api, make: Make) -> None:
    for address in ("00000000-0000-4000-8000-000000000000", (await make.product(status="DRAFT")).id):
        assert (await api.get(f"{PRODUCTS}/{address}/page")).status_code == 404
