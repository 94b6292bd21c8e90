"""What an order costs: pure arithmetic in whole pesos.

IVA is computed on each line, net of its discount, by the product's class, and rounded half up to the peso; a package's
and the order's IVA are the sums of their lines', so everything adds up. Shipping is charged per vendor package.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mestore.catalog.stock import Reserved
from mestore.core.ids import VendorId
from mestore.core.money import ZERO, Money, total
from mestore.core.settings import OrderSettings


@dataclass(frozen=True)
class Line:
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


def packages_of(products: Sequence[Reserved], settings: OrderSettings) -> list[VendorPackage]:
    """The products of one order, a package per vendor, each with what it costs."""
    vendors = dict.fromkeys(product.vendor_id for product in products)
    return [
        _package(vendor, [_line(product) for product in products if product.vendor_id == vendor], settings)
        for vendor in vendors
    ]


def order_totals(packages: Sequence[VendorPackage]) -> Totals:
    return Totals(
        subtotal=total([package.totals.subtotal for package in packages]),
        discount=total([package.totals.discount for package in packages]),
        iva_amount=total([package.totals.iva_amount for package in packages]),
        shipping_cost=total([package.totals.shipping_cost for package in packages]),
    )


def _line(product: Reserved) -> Line:
    net = product.unit_price * product.quantity
    return Line(product, discount=ZERO, iva_amount=net.share(product.iva_class.rate))


def _package(vendor: VendorId, lines: Sequence[Line], settings: OrderSettings) -> VendorPackage:
    subtotal = total([line.total_price for line in lines])
    free = subtotal >= Money(settings.free_shipping_from)
    return VendorPackage(
        vendor,
        lines,
        Totals(
            subtotal=subtotal,
            discount=total([line.discount for line in lines]),
            iva_amount=total([line.iva_amount for line in lines]),
            shipping_cost=ZERO if free else Money(settings.shipping_cost),
        ),
    )
