"""What the payments make known."""

from dataclasses import dataclass

from mestore.core.ids import GatewayEventId, PaymentId, RefundId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class GatewayEventReceived(Event):
    """A gateway announced something, and the signature was right."""

    event_id: GatewayEventId
    priority = 10


@dataclass(frozen=True)
class SlipIssued(Event):
    """A buyer has a code that can be paid at a counter."""

    payment_id: PaymentId


@dataclass(frozen=True)
class RefundRequested(Event):
    """Money is owed back that its gateway can send."""

    refund_id: RefundId
