"""Letters to people: one row per fact and receiver, written in the transaction of the fact or of the job it causes."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, identity, word
from mestore.core.database import Base
from mestore.core.ids import MessageId, UserId


class Channel(StrEnum):
    EMAIL = "EMAIL"
    SMS = "SMS"


class MessageStatus(StrEnum):
    """`SENDING` is where a crash may leave a letter that has left already: it goes again, with the same Message-ID."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


@dataclass(frozen=True)
class Notice:
    """A letter to be. `fact` names what happened; its receiver hears of it once."""

    fact: str
    receiver_id: UserId
    template: str
    context: dict[str, Any]
    expires_at: datetime | None = None
    channel: Channel = Channel.EMAIL


class Message(Base):
    """At most one per fact, channel and receiver. `context` fills the template and holds no secret, and no code that
    proves who somebody is.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("uq_messages_fact_channel_receiver", "fact", "channel", "receiver_id", unique=True),)
    id: Mapped[MessageId] = identity()
    fact: Mapped[str] = mapped_column(String(120))
    channel: Mapped[Channel] = word(Channel)
    receiver_id: Mapped[UserId] = mapped_column(Uuid)
    template: Mapped[str] = mapped_column(String(60))
    context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[MessageStatus] = word(MessageStatus, default=MessageStatus.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment | None]
    """After this a letter is worth nothing (a code that no longer works) and is dropped instead of sent late."""
    sent_at: Mapped[Moment | None]
    error: Mapped[str | None] = mapped_column(String(300))
    provider_id: Mapped[str | None] = mapped_column(String(64))
    """By which the provider of SMS knows it."""


class SmsDay(Base):
    """How many SMS were sent on a day of Colombia's: the whole system has a budget (fault F71)."""

    __tablename__ = "sms_days"
    __table_args__ = (CheckConstraint("sent > 0", name="sent"),)
    day: Mapped[date] = mapped_column(primary_key=True)
    sent: Mapped[int]
