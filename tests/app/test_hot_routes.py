"""What is kept ready for everybody is what everybody is told: no kept route insists on knowing its caller."""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from mestore.app.api import ROOMS
from mestore.app.hot_routes import tags_of
from mestore.core.freshness import CATALOGUE, CATEGORIES, SHOPS, product_tag, shop_tag
from mestore.users import current

ID = "019ac3f0-0000-7000-8000-000000000001"
INSISTS = {current.signed_in, current.current_user, current.access_token}


def routes() -> Iterator[tuple[str, APIRoute]]:
    for room in ROOMS:
        for route in room.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                path = f"/api/v1{route.path}".replace("{product_id}", ID).replace("{slug}", "cafe")
                yield path, route


def calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


@pytest.mark.parametrize(("path", "route"), [pytest.param(*each, id=each[0]) for each in routes()])
def test_a_kept_answer_is_nobodys_own(path: str, route: APIRoute) -> None:
    if tags_of(path) is not None:
        assert INSISTS.isdisjoint(calls(route.dependant)), path


@pytest.mark.parametrize(
    ("path", "tags"),
    [
        (f"/api/v1/products/{ID}", (product_tag(ID), SHOPS)),
        (f"/api/v1/products/{ID}/reviews", (product_tag(ID), SHOPS)),
        ("/api/v1/products", (CATALOGUE, SHOPS)),
        ("/api/v1/products/search", (CATALOGUE, SHOPS)),
        (f"/api/v1/products/{ID}/page", (CATALOGUE, SHOPS)),
        ("/api/v1/categories/cafe", (CATEGORIES, SHOPS)),
        ("/api/v1/vendors/cafe-de-la-sierra", (shop_tag("cafe-de-la-sierra"), SHOPS)),
        ("/api/v1/vendors/me", None),
        ("/api/v1/products/my-products", None),
        ("/api/v1/products/analytics", None),
        (f"/api/v1/products/{ID}/stock-movements", None),
        ("/api/v1/admin/products", None),
        ("/api/v1/orders", None),
        ("/api/v1/auth/me", None),
    ],
)
def test_the_table_says_what_an_answer_depends_on(path: str, tags: tuple[str, ...] | None) -> None:
    assert tags_of(path) == tags
