"""Which public answers are kept ready, and what each depends on: the table behind `core/hot_reads.py`.

Only addresses whose answer is the same for everybody who does not say who it is. `tests/app/test_hot_routes.py` walks
the routes and fails where a kept one asks for its caller without allowing that there is none.
"""

import re

from mestore.core.freshness import CATALOGUE, CATEGORIES, SHOPS, product_tag, shop_tag

_PREFIX = "/api/v1"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PRODUCT = re.compile(rf"{_PREFIX}/products/({_UUID})(/images|/reviews)?")
_LISTS = re.compile(
    rf"{_PREFIX}/(products|products/search|products/suggest|products/by-slug/[a-z0-9-]+"
    rf"|products/{_UUID}/(page|similar))"
)
_CATEGORIES = re.compile(rf"{_PREFIX}/categories(/[a-z0-9-]+)?")
_SHOP = re.compile(rf"{_PREFIX}/vendors/(?!me$|register$)([a-z0-9-]+)")


def tags_of(path: str) -> tuple[str, ...] | None:
    """None: the answer at this path is made anew each time."""
    if found := _PRODUCT.fullmatch(path):
        return (product_tag(found[1]), SHOPS)
    if _LISTS.fullmatch(path):
        return (CATALOGUE, SHOPS)
    if _CATEGORIES.fullmatch(path):
        return (CATEGORIES, SHOPS)
    if found := _SHOP.fullmatch(path):
        return (shop_tag(found[1]), SHOPS)
    return None
