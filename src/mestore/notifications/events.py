"""What becomes known when a letter or SMS is to leave."""

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


@dataclass(frozen=True)
class SmsQueued(MessageQueued):
    """Codes only, so somebody waits for it."""

    priority: ClassVar[int] = 10


@dataclass(frozen=True)
class SmsTaken(MessageQueued):
    """By the provider, which knows only later whether it arrived."""
