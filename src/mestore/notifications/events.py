"""What becomes known when a letter is to leave."""

from dataclasses import dataclass
from typing import ClassVar

from mestore.core.ids import MessageId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class MessageQueued(Event):
    message_id: MessageId


@dataclass(frozen=True)
class CodeQueued(MessageQueued):
    """Somebody sits and waits for it."""

    priority: ClassVar[int] = 10
