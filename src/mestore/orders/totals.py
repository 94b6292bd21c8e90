"""What an order costs: pure arithmetic in whole pesos.

A discount is split among the lines by the largest remainder. IVA is computed on each line, net of its discount, by the
product's class, and rounded half up to the peso. A package's and the order's amounts are the sums of their lines', so
everything adds up. Shipping is charged per vendor package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mestore.catalog.stock import Reserved
from mestore.core.ids import VendorId
from mestore.core.money import ZERO, Money, total
from mestore.shipping.rates import Parcel


@dataclass(frozen=True)
class Line:
    """Units of one product. Its `total_price` is net, before the discount."""

    product: Reserved
    discount: Money
    iva_amount: Money

    @property
    def total_price(self) -> Money:
        return self.product.unit_price * self.product.quantity


@dataclass(frozen=True)
class Totals:
    """`total_amount = subtotal - discount + iva_amount + shipping_cost`; the subtotal is net of IVA."""

    subtotal: Money
    discount: Money
    iva_amount: Money
    shipping_cost: Money

    @property
    def total_amount(self) -> Money:
        return self.subtotal - self.discount + self.iva_amount + self.shipping_cost


@dataclass(frozen=True)
class VendorPackage:
    vendor_id: VendorId
    lines: Sequence[Line]
    totals: Totals


def parcels_of(products: Sequence[Reserved]) -> list[Parcel]:
    """What each vendor sends, in the order in which the vendors come: what shipping is asked about."""
    return [
        Parcel(
            vendor_id=vendor,
            net_subtotal=total([_net(product) for product in sent]),
            weight_kg=sum((product.weight_kg * product.quantity for product in sent), Decimal(0)),
        )
        for vendor, sent in _by_vendor(products).items()
    ]


def packages_of(
    products: Sequence[Reserved], shipping: Mapping[VendorId, Money], discount: Money = ZERO
) -> list[VendorPackage]:
    """The products of one order, a package per vendor, each with what it costs.

    `discount` is of the whole order, in whole pesos, at most its net subtotal.
    """
    discounts = discount.split([_net(product).amount for product in products])
    line_of = {product.product_id: _line(product, less) for product, less in zip(products, discounts, strict=True)}
    return [
        _package(vendor, [line_of[product.product_id] for product in sent], shipping[vendor])
        for vendor, sent in _by_vendor(products).items()
    ]


def order_totals(packages: Sequence[VendorPackage]) -> Totals:
    return Totals(
        subtotal=total([package.totals.subtotal for package in packages]),
        discount=total([package.totals.discount for package in packages]),
        iva_amount=total([package.totals.iva_amount for package in packages]),
        shipping_cost=total([package.totals.shipping_cost for package in packages]),
    )


def _by_vendor(products: Sequence[Reserved]) -> dict[VendorId, list[Reserved]]:
    vendors: dict[VendorId, list[Reserved]] = {}
    for product in products:
        vendors.setdefault(product.vendor_id, []).append(product)
    return vendors


def _net(product: Reserved) -> Money:
    return product.unit_price * product.quantity


def _line(product: Reserved, discount: Money) -> Line:
    return Line(product, discount, (_net(product) - discount).share(product.iva_class.rate))


def _package(vendor: VendorId, lines: Sequence[Line], shipping_cost: Money) -> VendorPackage:
    return VendorPackage(
        vendor,
        lines,
        Totals(
            subtotal=total([line.total_price for line in lines]),
            discount=total([line.discount for line in lines]),
            iva_amount=total([line.iva_amount for line in lines]),
            shipping_cost=shipping_cost,
        ),
    )
