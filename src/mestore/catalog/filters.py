"""Which products are meant: filters that lists and searches share, as a query says them and as SQL's conditions."""

from dataclasses import astuple, dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from mestore.catalog.errors import BadPriceRange
from mestore.catalog.product_json import FOR_SALE, SELLS
from mestore.catalog.schemas import CategorySlug
from mestore.core.boundary import QueryPrice, Uuid
from mestore.core.ids import VendorId
from mestore.core.money import Money


@dataclass(frozen=True)
class Filters:
    category: str | None = None
    """A category's slug: it and everything below it."""
    vendor_id: VendorId | None = None
    min_price: Money | None = None
    """Net of IVA, like `precio_venta`; both ends belong to it."""
    max_price: Money | None = None
    in_stock: bool = False

    def any(self) -> bool:
        return self != EVERYTHING

    def key(self) -> str:
        return repr(astuple(self))


EVERYTHING = Filters()


async def filters_of_query(
    category: Annotated[CategorySlug | None, Query(description="A category's slug: it and everything below it")] = None,
    vendor_id: Annotated[Uuid | None, Query()] = None,
    min_price: Annotated[QueryPrice | None, Query(description="Net of IVA, like `precio_venta`")] = None,
    max_price: Annotated[QueryPrice | None, Query(description="Net of IVA, like `precio_venta`")] = None,
    in_stock: Annotated[bool, Query()] = False,
) -> Filters:
    """Raises BadPriceRange when the lowest price is above the highest."""
    lowest, highest = (Money(price) if price else None for price in (min_price, max_price))
    if lowest is not None and highest is not None and highest < lowest:
        raise BadPriceRange
    return Filters(category, VendorId(vendor_id) if vendor_id else None, lowest, highest, in_stock)


QueryFilters = Annotated[Filters, Depends(filters_of_query)]


class Values:
    """What a caller says travels apart from the statement, by number."""

    def __init__(self, *values: Any) -> None:
        self.all = list(values)

    def number(self, value: Any) -> str:
        self.all.append(value)
        return f"${len(self.all)}"


def below(filters: Filters, values: Values) -> str:
    """`WITH RECURSIVE`, beginning with the categories that are meant, if any."""
    if filters.category is None:
        return "WITH RECURSIVE "
    return f"""WITH RECURSIVE below AS (
        SELECT id FROM categories WHERE slug = {values.number(filters.category)}
        UNION SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id), """


def conditions(filters: Filters, values: Values) -> str:
    """What a product `p` of a vendor `v` must be to be meant, whatever its category."""
    parts = [FOR_SALE, SELLS]
    if filters.vendor_id is not None:
        parts.append(f"p.vendedor_id = {values.number(filters.vendor_id)}")
    if filters.min_price is not None:
        parts.append(f"p.precio_venta >= {values.number(filters.min_price.amount)}")
    if filters.max_price is not None:
        parts.append(f"p.precio_venta <= {values.number(filters.max_price.amount)}")
    if filters.in_stock:
        parts.append("p.stock > p.reserved")
    return " AND ".join(parts)


def conditions_below(filters: Filters, values: Values) -> str:
    """The same, of a product in a category that is meant; `below` has named those."""
    inside = "" if filters.category is None else " AND p.category_id IN (SELECT id FROM below)"
    return conditions(filters, values) + inside
