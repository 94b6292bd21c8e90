"""The tree of categories: of any depth, never a circle, with the counts of what is for sale."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mestore.catalog.models import Category, ProductStatus
from mestore.core.world import World
from mestore.users.models import User, UserType
from mestore.vendors.models import VendorStatus
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

CATEGORIES = "/api/v1/categories"


@pytest.fixture
async def admin(make: Make) -> User:
    return await make.user(UserType.ADMIN)


async def chain(make: Make, *slugs: str) -> list[Category]:
    found: list[Category] = []
    for slug in slugs:
        found.append(await make.category(slug=slug, name=slug.title(), parent_id=found[-1].id if found else None))
    return found


async def test_the_tree_counts_what_is_for_sale_in_each_category_and_below(api: Api, make: Make) -> None:
    root, middle, leaf = await chain(make, "hogar", "cocina", "ollas")
    for category in (middle, leaf, leaf):
        await make.product(category_id=category.id)
    await make.product(category_id=leaf.id, status=ProductStatus.DRAFT)
    await make.product(category_id=leaf.id, vendor=await make.vendor(status=VendorStatus.SUSPENDED))
    counts = {each["slug"]: each["products_count"] for each in (await api.get(CATEGORIES)).json()}
    assert {slug: counts[slug] for slug in ("hogar", "cocina", "ollas")} == {"hogar": 3, "cocina": 3, "ollas": 2}
    page = (await api.get(f"{CATEGORIES}/cocina")).json()
    assert [each["slug"] for each in page["breadcrumb"]] == ["hogar", "cocina"]
    assert [each["slug"] for each in page["children"]] == ["ollas"]
    assert (page["parent_id"], page["products_count"]) == (str(root.id), 3)


async def test_an_administrator_adds_renames_moves_and_removes(api: Api, make: Make, admin: User) -> None:
    root, _ = await chain(make, "hogar", "cocina")
    added = await api.post(CATEGORIES, {"name": "Té y aromáticas", "parent_id": str(root.id)}, by=admin)
    assert (added.status_code, added.json()["slug"]) == (201, "te-y-aromaticas")
    path = f"{CATEGORIES}/te-y-aromaticas"
    renamed = await api.request("PATCH", path, by=admin, json={"name": "Infusiones", "parent_id": None})
    assert (renamed.json()["name"], renamed.json()["slug"], renamed.json()["parent_id"]) == (
        "Infusiones",
        "te-y-aromaticas",
        None,
    )
    assert (await api.request("DELETE", path, by=admin)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_a_slug_is_taken_once_also_at_the_same_time(api: Api, admin: User) -> None:
    answers = await asyncio.gather(*(api.post(CATEGORIES, {"name": "Té"}, by=admin) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_a_category_never_stands_below_itself(api: Api, make: Make, admin: User, rows: Rows) -> None:
    root, _, leaf = await chain(make, "hogar", "cocina", "ollas")
    for parent in (root, leaf):
        body = {"parent_id": str(parent.id)}
        answer = await api.request("PATCH", f"{CATEGORIES}/hogar", by=admin, json=body)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/category-cycle")
    assert (await rows.get(Category, root.id)).parent_id is None


async def test_two_moves_at_once_make_no_circle(api: Api, make: Make, admin: User) -> None:
    for number in range(10):
        first, second = [await make.category(slug=f"{side}-{number}") for side in ("a", "b")]
        answers = await asyncio.gather(
            *(
                api.request("PATCH", f"{CATEGORIES}/{moved.slug}", by=admin, json={"parent_id": str(parent.id)})
                for moved, parent in ((first, second), (second, first))
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize("holds", ["product", "deleted product", "category"])
async def test_a_category_in_use_is_not_removed(
    api: Api, make: Make, admin: User, rows: Rows, world: World, holds: str
) -> None:
    (category,) = await chain(make, "cocina")
    if holds == "category":
        await make.category(parent_id=category.id)
    else:
        await make.product(category_id=category.id, deleted_at=world.now() if holds == "deleted product" else None)
    answer = await api.request("DELETE", f"{CATEGORIES}/cocina", by=admin)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/category-in-use")
    assert (await rows.get(Category, category.id)).slug == "cocina"


@pytest.mark.parametrize("kind", [None, UserType.BUYER, UserType.VENDOR])
async def test_only_staff_changes_the_tree(api: Api, make: Make, rows: Rows, kind: UserType | None) -> None:
    (category,) = await chain(make, "cocina")
    by = await make.user(kind) if kind else None
    before = await rows.count(Category)
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", CATEGORIES, {"json": {"name": "Té"}}),
        ("PATCH", f"{CATEGORIES}/cocina", {"json": {"name": "Otra"}}),
        ("DELETE", f"{CATEGORIES}/cocina", {}),
    ]
    for method, path, more in requests:
        assert (await api.request(method, path, by=by, **more)).status_code == (403 if kind else 401)
    assert (await rows.count(Category), (await rows.get(Category, category.id)).name) == (before, "Cocina")


async def test_a_product_is_found_by_the_name_its_category_got(
    api: Api, make: Make, admin: User, drain: Callable[[], Awaitable[None]]
) -> None:
    root, leaf = await chain(make, "hogar", "cocina")
    for category in (root, leaf):
        await make.product(category_id=category.id)
    await api.request("PATCH", f"{CATEGORIES}/hogar", by=admin, json={"name": "Vivienda"})
    await drain()
    found = (await api.get("/api/v1/products?q=viviendas")).json()["items"]
    assert len(found) == 2
