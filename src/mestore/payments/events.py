"""What the payments make known."""

from dataclasses import dataclass

from mestore.core.ids import GatewayEventId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class GatewayEventReceived(Event):
    """A gateway announced something, and the signature was right."""

    event_id: GatewayEventId
    priority = 10
