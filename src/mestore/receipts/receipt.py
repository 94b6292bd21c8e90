"""What stands on a receipt: facts of an order that was paid, and the sums of its IVA."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mestore.catalog.models import IvaClass
from mestore.core.money import Money, total
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.vendors.models import DocumentType


@dataclass(frozen=True)
class Line:
    """Prices in COP. `unit_price` is net; `discount` and `iva_amount` are of the whole line."""

    name: str
    sku: str
    quantity: int
    unit_price: Money
    discount: Money
    iva_class: IvaClass
    iva_rate: Decimal
    """As it was when the order was placed: 0.19 is 19 %."""
    iva_amount: Money

    @property
    def base(self) -> Money:
        """What IVA was computed from: net, less the discount."""
        return self.unit_price * self.quantity - self.discount

    @property
    def total(self) -> Money:
        return self.base + self.iva_amount


@dataclass(frozen=True)
class Amounts:
    """`total = subtotal - discount + iva_amount + shipping_cost`, in COP; the subtotal is net of IVA."""

    subtotal: Money
    discount: Money
    iva_amount: Money
    shipping_cost: Money
    total: Money


@dataclass(frozen=True)
class Seller:
    """Who a consumer bought from: a marketplace has to say so (Ley 1480 de 2011, art. 50 and 53)."""

    business_name: str
    document_type: DocumentType
    document_number: str
    city: str


@dataclass(frozen=True)
class Part:
    """What one vendor sold of the order."""

    seller: Seller
    status: PackageStatus
    lines: Sequence[Line]
    amounts: Amounts


@dataclass(frozen=True)
class Delivery:
    """Where the packages go."""

    name: str
    address: str
    town: str


@dataclass(frozen=True)
class Receipt:
    order_number: str
    status: OrderStatus
    placed_at: datetime
    paid_at: datetime
    buyer_name: str
    delivery: Delivery
    parts: Sequence[Part]
    amounts: Amounts


@dataclass(frozen=True)
class IvaSum:
    """All lines of one class and rate."""

    iva_class: IvaClass
    iva_rate: Decimal
    base: Money
    iva_amount: Money


def iva_sums(parts: Iterable[Part]) -> list[IvaSum]:
    """A sum for each class that was sold, in the order of the classes; bases and IVA add up to the order's."""
    lines = [line for part in parts for line in part.lines]
    sold = {(line.iva_class, line.iva_rate) for line in lines}
    kinds = sorted(sold, key=lambda kind: (list(IvaClass).index(kind[0]), kind[1]))
    return [_sum(kind, [line for line in lines if (line.iva_class, line.iva_rate) == kind]) for kind in kinds]


def _sum(kind: tuple[IvaClass, Decimal], lines: Sequence[Line]) -> IvaSum:
    return IvaSum(*kind, total([line.base for line in lines]), total([line.iva_amount for line in lines]))
