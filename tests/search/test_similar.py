"""What is like a product."""

from collections.abc import Awaitable, Callable

from mestore.core.ids import new_uuid
from mestore.core.world import World
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

Index = Callable[[], Awaitable[None]]


async def test_what_means_about_the_same_comes_first_and_never_itself(make: Make, index: Index, api: Api) -> None:
    fridge = await make.product(name="Nevera pequeña", description="Conserva la comida fría")
    await make.product(name="Cuaderno rayado", description="Para el colegio")
    await make.product(name="Refrigerador grande", description="Mantiene fría la comida")
    await index()
    answer = (await api.get(f"/api/v1/products/{fridge.id}/similar?limit=2")).json()
    assert answer["mode"] == "hybrid"
    assert [item["name"] for item in answer["items"]] == ["Refrigerador grande", "Cuaderno rayado"]


async def test_one_that_is_not_indexed_has_the_best_selling_of_its_category(make: Make, rows: Rows, api: Api) -> None:
    shelf = await make.category()
    product = await make.product(name="Silla uno", category_id=shelf.id)
    await make.product(name="Silla dos", category_id=shelf.id)
    await make.product(name="Silla tres", category_id=shelf.id)
    await make.product(name="Mesa")
    await rows.execute("UPDATE products SET units_sold = 9 WHERE name = 'Silla tres'")
    answer = (await api.get(f"/api/v1/products/{product.id}/similar")).json()
    assert (answer["mode"], [item["name"] for item in answer["items"]]) == ("keyword", ["Silla tres", "Silla dos"])


async def test_what_is_hidden_is_like_nothing(make: Make, index: Index, rows: Rows, world: World, api: Api) -> None:
    product = await make.product(name="Nevera uno")
    other = await make.product(name="Nevera dos")
    await index()
    await rows.execute("UPDATE products SET status = 'INACTIVE' WHERE id = :id", id=other.id)
    assert (await api.get(f"/api/v1/products/{product.id}/similar")).json()["items"] == []
    assert (await api.get(f"/api/v1/products/{other.id}/similar")).status_code == 404
    assert (await api.get(f"/api/v1/products/{new_uuid()}/similar")).status_code == 404
