"""Facts of the catalogue that others react to."""

from dataclasses import dataclass

from mestore.core.freshness import CATALOGUE, CATEGORIES, SHOPS, product_tag
from mestore.core.ids import CategoryId, ProductId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class ProductChanged(Event):
    """Something that its page, a list or a search shows of a product is another now."""

    product_id: ProductId

    def changes(self) -> tuple[str, ...]:
        return (product_tag(self.product_id), CATALOGUE, CATEGORIES)


@dataclass(frozen=True)
class CategoryChanged(Event):
    """A category has another name or place, is new or gone."""

    category_id: CategoryId

    def changes(self) -> tuple[str, ...]:
        # Every product's own page names its category: they all depend on SHOPS, which changes as seldom.
        return (CATALOGUE, CATEGORIES, SHOPS)
