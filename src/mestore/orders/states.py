"""The states of an order and of its packages, the moves between them, and whose each move is.

`NEXT` and `PACKAGE_NEXT` are the tables of `docs/glossary.md`; the database holds the same edges in `order_edges` and
`package_edges` and refuses any other. An order's packages drive its state: `follow` says where they take it.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum


class OrderStatus(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


NEXT: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING: frozenset({OrderStatus.CONFIRMED, OrderStatus.CANCELLED}),
    OrderStatus.CONFIRMED: frozenset({OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.CANCELLED}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.SHIPPED, OrderStatus.CANCELLED}),
    OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED}),
    OrderStatus.DELIVERED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.CANCELLED: frozenset({OrderStatus.CONFIRMED}),
    OrderStatus.REFUNDED: frozenset(),
}
"""CANCELLED → CONFIRMED is for money that came late: `OrderStateService.revive` alone makes it, with its packages."""


class PackageStatus(StrEnum):
    PENDING = "PENDING"
    PREPARING = "PREPARING"
    READY_TO_SHIP = "READY_TO_SHIP"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    RETURNED = "RETURNED"


PACKAGE_NEXT: dict[PackageStatus, frozenset[PackageStatus]] = {
    PackageStatus.PENDING: frozenset(
        {PackageStatus.PREPARING, PackageStatus.READY_TO_SHIP, PackageStatus.SHIPPED, PackageStatus.CANCELLED}
    ),
    PackageStatus.PREPARING: frozenset({PackageStatus.READY_TO_SHIP, PackageStatus.SHIPPED, PackageStatus.CANCELLED}),
    PackageStatus.READY_TO_SHIP: frozenset({PackageStatus.SHIPPED, PackageStatus.CANCELLED}),
    PackageStatus.SHIPPED: frozenset({PackageStatus.DELIVERED, PackageStatus.RETURNED}),
    PackageStatus.DELIVERED: frozenset({PackageStatus.RETURNED}),
    PackageStatus.CANCELLED: frozenset({PackageStatus.PENDING}),
    PackageStatus.RETURNED: frozenset(),
}
"""A package that its carrier could not hand over comes back to its sender: SHIPPED → RETURNED."""

OVER = frozenset({PackageStatus.CANCELLED, PackageStatus.RETURNED})
"""A package in one of these is no longer live: the order goes on without it."""

UNSHIPPED = frozenset({PackageStatus.PENDING, PackageStatus.PREPARING, PackageStatus.READY_TO_SHIP})


class Actor(StrEnum):
    """Who made a change: a kind of person, or the system by one of its jobs."""

    BUYER = "BUYER"
    VENDOR = "VENDOR"
    ADMIN = "ADMIN"
    SYSTEM = "SYSTEM"


MAY: dict[tuple[OrderStatus, OrderStatus], frozenset[Actor]] = {
    (OrderStatus.PENDING, OrderStatus.CANCELLED): frozenset({Actor.BUYER, Actor.ADMIN}),
    (OrderStatus.CONFIRMED, OrderStatus.PROCESSING): frozenset({Actor.VENDOR}),
    (OrderStatus.CONFIRMED, OrderStatus.CANCELLED): frozenset({Actor.BUYER, Actor.ADMIN}),
    (OrderStatus.PROCESSING, OrderStatus.CANCELLED): frozenset({Actor.BUYER, Actor.ADMIN}),
    (OrderStatus.SHIPPED, OrderStatus.DELIVERED): frozenset({Actor.BUYER}),
}
"""The moves of an order that a person may ask for. The others follow from payments, packages, carriers and time."""

_WAY = (OrderStatus.CONFIRMED, OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED)


def follow(status: OrderStatus, packages: Collection[PackageStatus]) -> Sequence[OrderStatus]:
    """The moves that a paid order makes, one after the other, now that its packages are in these states.

    It never goes back; when its last package is cancelled it is cancelled, and when the last live one is delivered it
    is delivered. An order of which nothing is left, and something came back, waits for its money: see `RefundMade`.
    """
    if status not in _WAY:
        return ()
    live = [package for package in packages if package not in OVER]
    if not live:
        return (OrderStatus.CANCELLED,) if PackageStatus.RETURNED not in packages else ()
    if all(package is PackageStatus.DELIVERED for package in live):
        reached = OrderStatus.DELIVERED
    elif UNSHIPPED.isdisjoint(live):
        reached = OrderStatus.SHIPPED
    elif set(packages) <= {PackageStatus.PENDING, PackageStatus.CANCELLED}:
        reached = OrderStatus.CONFIRMED
    else:
        reached = OrderStatus.PROCESSING
    ahead = _WAY[_WAY.index(status) + 1 : _WAY.index(reached) + 1]
    return tuple(step for step in ahead if step is not OrderStatus.PROCESSING or step is reached)
