"""Letters are queued with the fact they tell, at most one per fact and receiver, and sent by a job of their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.auth.passwords import PasswordLinks
from mestore.auth.service import AuthService
from mestore.core.clock import Now
from mestore.core.database import checkpoint
from mestore.core.failpoints import failpoint
from mestore.core.ids import MessageId, UserId
from mestore.core.jobs import publish
from mestore.core.settings import Settings
from mestore.notifications.events import CodeQueued, MessageQueued, SmsQueued
from mestore.notifications.letters import Letter, write
from mestore.notifications.mailer import Envelope, Mailer, ReceiverRefused
from mestore.notifications.models import Channel, Message, MessageStatus
from mestore.notifications.repository import MessageRepository
from mestore.users.errors import UserNotFound
from mestore.users.models import User
from mestore.users.service import UserService

log = structlog.get_logger(__name__)
CODE_TEMPLATES = frozenset({"verify_email", "reset_password", "login_code"})
"""Letters that carry a code or link: it goes first, is computed when it leaves, and is worth nothing late."""


@dataclass(frozen=True)
class Notice:
    """A letter to be. `fact` names what happened; its receiver hears of it once."""

    fact: str
    receiver_id: UserId
    template: str
    context: dict[str, Any]
    expires_at: datetime | None = None
    channel: Channel = Channel.EMAIL


class NotificationService:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._messages = MessageRepository(session)

    async def queue(self, notice: Notice) -> None:
        """Have a letter sent if this transaction commits; a notice that was queued before does nothing."""
        message_id = await self._messages.add(
            notice.fact, notice.receiver_id, notice.template, notice.context, notice.expires_at, notice.channel
        )
        if message_id is not None:
            await publish(self._session, _kind(notice)(message_id))


def _kind(notice: Notice) -> type[MessageQueued]:
    if notice.channel is Channel.SMS:
        return SmsQueued
    return CodeQueued if notice.template in CODE_TEMPLATES else MessageQueued


class MailService:
    """Sends what was queued."""

    def __init__(self, session: AsyncSession, settings: Settings, now: Now, mailer: Mailer) -> None:
        self._session = session
        self._messages = MessageRepository(session)
        self._users = UserService(session, settings, now)
        self._auth = AuthService(session, settings, now)
        self._links = PasswordLinks(session, settings, now)
        self._mailer = mailer

    async def send(self, message_id: MessageId) -> None:
        """Send one letter. Its claim is committed before the server is called.

        A crash after the server took it sends it a second time, with the same Message-ID and the same words; nothing
        can be known that would prevent it (fault K13). Raises what `Mailer.send` does when it is worth trying again.
        """
        message = await self._messages.claim(message_id)
        if message is None or message.status is MessageStatus.DROPPED:
            return
        addressed = await self._address(message)
        if addressed is None:
            await self._messages.settle(message_id, MessageStatus.DROPPED)
            return
        letter, envelope = addressed
        await checkpoint(self._session)
        failpoint("before_smtp")
        try:
            await self._mailer.send(letter, envelope)
        except ReceiverRefused as refused:
            log.warning("letter_refused", message_id=message_id)  # its row says why; servers like to repeat the address
            await self._messages.settle(message_id, MessageStatus.FAILED, str(refused)[:300])
            return
        failpoint("after_smtp")
        await self._messages.settle(message_id, MessageStatus.SENT)

    async def _address(self, message: Message) -> tuple[Letter, Envelope] | None:
        """The letter as it leaves; None when its receiver is gone or its code works no longer."""
        try:
            user = await self._users.by_id(message.receiver_id)
        except UserNotFound:
            return None
        context = {**message.context, "name": user.full_name}
        if message.template in CODE_TEMPLATES:
            secret = await self._secret(message)
            if secret is None:
                return None
            context |= {**secret, "expires_at": message.expires_at}
        return write(message.template, user.language, context), _envelope(message, user)

    async def _secret(self, message: Message) -> dict[str, str] | None:
        """What a letter says that is kept nowhere; None when it works no longer."""
        if message.template == "reset_password":
            link = await self._links.link_to_send(message.context["reset_id"])
            return {"link": link} if link else None
        code = await self._auth.code_to_send(message.context["otp_id"])
        return {"code": code} if code else None


def _envelope(message: Message, user: User) -> Envelope:
    return Envelope(message.id, user.full_name, user.email, message.created_at)
