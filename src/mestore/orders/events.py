"""What the orders make known."""

from dataclasses import dataclass

from mestore.core.ids import OrderId
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
    order_id: OrderId
