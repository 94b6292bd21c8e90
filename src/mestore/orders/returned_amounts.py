"""What units of a package pay back: the buyer's own pesos, and with the last unit of it its shipping too.

Ley 1480 de 2011, art. 47: the seller gives back "todas las sumas pagadas". Of a line that comes back in parts each part
is rounded so that all of them add up to the line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mestore.core.ids import OrderItemId
from mestore.core.money import ZERO, Money, total


@dataclass(frozen=True)
class Line:
    """An item of the package: `paid` is for all its units, with IVA, after its discount (COP)."""

    item_id: OrderItemId
    quantity: int
    paid: Money
    refunded_units: int
    """Those whose price is owed back already."""


@dataclass(frozen=True)
class Owed:
    """What such units pay back (COP, with IVA), and whether no unit of the package is left that was not."""

    amount: Money
    whole_package: bool


def owed_for(lines: Sequence[Line], units: Mapping[OrderItemId, int], shipping: Money) -> Owed:
    """For these units of the package whose lines are all of `lines`, and which cost `shipping` to send."""
    parts = [
        _worth(line, line.refunded_units + units[line.item_id]) - _worth(line, line.refunded_units)
        for line in lines
        if line.item_id in units
    ]
    whole = all(line.refunded_units + units.get(line.item_id, 0) == line.quantity for line in lines)
    return Owed(total(parts) + (shipping if whole else ZERO), whole)


def _worth(line: Line, units: int) -> Money:
    return line.paid.split([units, line.quantity - units])[0]
