"""What the orders make known, and what those above them make known about an order."""

from dataclasses import dataclass
from datetime import datetime

from mestore.core.ids import OrderId, PackageId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class OrderPlaced(Event):
    order_id: OrderId


@dataclass(frozen=True)
class OrderConfirmed(Event):
    """It was paid: its stock is sold and its vendors may prepare it."""

    order_id: OrderId


@dataclass(frozen=True)
class OrderCancelled(Event):
    """Nothing of it is sent. What was paid is owed back: a `RefundDue` for each package says so."""

    order_id: OrderId


@dataclass(frozen=True)
class OrderDelivered(Event):
    """The last of its packages arrived."""

    order_id: OrderId


@dataclass(frozen=True)
class PackageShipped(Event):
    order_id: OrderId
    package_id: PackageId


@dataclass(frozen=True)
class PackageDelivered(Event):
    """The clock of retracto starts."""

    order_id: OrderId
    package_id: PackageId


@dataclass(frozen=True)
class PackageCancelled(Event):
    """Its vendor can't send it; the rest of the order goes on."""

    order_id: OrderId
    package_id: PackageId


@dataclass(frozen=True)
class RefundDue(Event):
    """Money of a paid order is owed back to its buyer, and the commission on it is to be reversed.

    `cause` names what for, and is never used twice: `package:17:cancelled`, `package:17:came-back`, `return:5`,
    `asked:0193…` by an administrator, `voided:55:17` when the payment itself was taken back.
    """

    order_id: OrderId
    package_id: PackageId
    cause: str
    amount: str
    """COP, with IVA, as a text: `84999.00`."""
    due_at: datetime | None = None
    """By when, where that was settled before: of what is returned it counts from the request."""


@dataclass(frozen=True)
class RefundMade(Event):
    """Money that was owed back is with the buyer again."""

    order_id: OrderId
    package_id: PackageId | None
    cause: str
    amount: str
