"""What becomes known when letters or an SMS are to leave."""

from dataclasses import dataclass
from typing import ClassVar

from mestore.core.ids import MessageId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class LettersQueued(Event):
    """All that one fact is told in: one job sends them, over one connection."""

    message_ids: tuple[MessageId, ...]


@dataclass(frozen=True)
class CodeQueued(LettersQueued):
    """Somebody sits and waits for it."""

    priority: ClassVar[int] = 10


@dataclass(frozen=True)
class SmsQueued(Event):
    """Codes only, so somebody waits for it."""

    priority: ClassVar[int] = 10
    message_id: MessageId


@dataclass(frozen=True)
class SmsTaken(Event):
    """By the provider, which knows only later whether it arrived."""

    message_id: MessageId
