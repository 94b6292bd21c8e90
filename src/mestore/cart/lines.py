"""A cart's lines as they stand now, and what they come to: pure arithmetic, by the rules of orders.

`packages_of` and `parcels_of` are those that an order is placed with, so the total here is the total that will be paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING
from enum import StrEnum

from mestore.catalog.models import IvaClass
from mestore.catalog.stock import Reserved
from mestore.core.ids import CartItemId, ProductId
from mestore.core.money import Money
from mestore.orders.totals import Line, VendorPackage, packages_of, parcels_of
from mestore.shipping.service import Parcel, Quote

_HIGHEST_IVA = max(kind.rate for kind in IvaClass)


class Shortage(StrEnum):
    """Why a line can't be had as it stands."""

    NOT_FOR_SALE = "NOT_FOR_SALE"
    TOO_FEW = "TOO_FEW"


@dataclass(frozen=True)
class CartLine:
    item_id: CartItemId
    wanted: Reserved
    """Its units at the price of now, as an order would reserve them."""
    agreed_price: Money
    stock_disponible: int
    """What can be had: nothing, when it is not for sale."""
    for_sale: bool
    product: str
    """As everybody may see it, in JSON."""

    @property
    def shortage(self) -> Shortage | None:
        if not self.for_sale:
            return Shortage.NOT_FOR_SALE
        return Shortage.TOO_FEW if self.wanted.quantity > self.stock_disponible else None

    @property
    def price_changed(self) -> bool:
        return self.agreed_price != self.wanted.unit_price


@dataclass(frozen=True)
class CartPackage:
    package: VendorPackage
    quote: Quote

    @property
    def missing_for_free_shipping(self) -> Money | None:
        """How much more the shop's package must cost, in prices with IVA, to be sent for free.

        Counted at the highest rate of IVA: other goods bring more net for the same price. None where it is free, or
        nothing makes it so.
        """
        if self.quote.free_from is None or not self.quote.cost:
            return None
        missing = (self.quote.free_from - self.package.totals.subtotal).amount * (1 + _HIGHEST_IVA)
        return Money(missing.to_integral_value(ROUND_CEILING))


def had_of(lines: Sequence[CartLine]) -> list[Reserved]:
    """What of a cart can be had, which is what is counted."""
    return [line.wanted for line in lines if line.shortage is None]


def parcels_in(lines: Sequence[CartLine]) -> list[Parcel]:
    """What shipping is asked about."""
    return parcels_of(had_of(lines))


def packages_in(lines: Sequence[CartLine], quotes: Sequence[Quote]) -> list[CartPackage]:
    """A package for each shop, in the order in which its first line was added."""
    if not quotes:
        return []
    of_vendor = {quote.vendor_id: quote for quote in quotes}
    costs = {vendor_id: quote.cost for vendor_id, quote in of_vendor.items()}
    return [CartPackage(package, of_vendor[package.vendor_id]) for package in packages_of(had_of(lines), costs)]


def line_of_product(packages: Sequence[CartPackage]) -> Mapping[ProductId, Line]:
    """What each product that can be had comes to."""
    return {line.product.product_id: line for each in packages for line in each.package.lines}
