"""What the returns make known."""

from dataclasses import dataclass

from mestore.core.ids import ReturnId, ReturnMoveId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class ReturnMoved(Event):
    """It was requested, or went on by this move of its history."""

    return_id: ReturnId
    move_id: ReturnMoveId
