"""What the complaints make known."""

from dataclasses import dataclass

from mestore.core.ids import ComplaintId, ComplaintMessageId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class ComplaintFiled(Event):
    """It has its number, and the day by which it is answered."""

    complaint_id: ComplaintId


@dataclass(frozen=True)
class ComplaintAnswered(Event):
    """By the marketplace, in this message."""

    complaint_id: ComplaintId
    message_id: ComplaintMessageId
