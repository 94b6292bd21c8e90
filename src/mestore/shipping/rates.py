"""What a package costs to send, and the one interface of whoever tells it: our table now, carriers later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from mestore.core.ids import VendorId
from mestore.core.money import ZERO, Money
from mestore.shipping.models import ShippingRate
from mestore.shipping.promises import DeliveryPromise, Destination


@dataclass(frozen=True)
class Parcel:
    """One vendor's part of a cart or an order."""

    vendor_id: VendorId
    net_subtotal: Money
    """Before IVA, after discount."""
    weight_kg: Decimal


@dataclass(frozen=True)
class Quote:
    """What one parcel costs to send and when it comes."""

    vendor_id: VendorId
    cost: Money
    """Zero when it is free."""
    free_from: Money | None
    """The net subtotal, before IVA, from which it is free; None where no amount makes it so."""
    promise: DeliveryPromise


class Rates(Protocol):
    async def quote(self, parcels: Sequence[Parcel], destination: Destination) -> list[Quote]:
        """A quote for each parcel, in their order. Where the destination is not known yet, what holds in general."""
        ...


@dataclass(frozen=True)
class Tariff:
    cost: Money
    free_from: Money

    def cost_of(self, net_subtotal: Money) -> Money:
        return ZERO if net_subtotal >= self.free_from else self.cost


def tariff_for(rates: Iterable[ShippingRate], weight_kg: Decimal, to: Destination, default: Tariff) -> Tariff:
    """The department's rates before those of all; among them the lightest that holds the weight, else any weight's.

    A rate without a threshold of its own has the default's.
    """
    fitting = [
        rate
        for rate in rates
        if rate.department_code in {None, to.department} and (rate.up_to_kg is None or weight_kg <= rate.up_to_kg)
    ]
    if not fitting:
        return default
    rate = min(fitting, key=_generality)
    return Tariff(rate.cost, default.free_from if rate.free_from is None else rate.free_from)


def _generality(rate: ShippingRate) -> tuple[bool, bool, Decimal]:
    return rate.department_code is None, rate.up_to_kg is None, rate.up_to_kg or Decimal(0)
