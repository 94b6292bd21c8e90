"""Letters are queued with the fact they tell, at most one per fact and receiver, and sent by a job of their own."""

from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.auth.passwords import PasswordLinks
from mestore.auth.service import AuthService
from mestore.core.clock import Now
from mestore.core.database import checkpoint
from mestore.core.failpoints import failpoint
from mestore.core.ids import MessageId
from mestore.core.jobs import Event, publish
from mestore.core.settings import Settings
from mestore.notifications.events import CodeQueued, LettersQueued, SmsQueued
from mestore.notifications.letters import Letter, write
from mestore.notifications.mailer import Envelope, Mailer, ReceiverRefused
from mestore.notifications.models import Channel, MessageStatus, Notice
from mestore.notifications.repository import MessageRepository, Outgoing

log = structlog.get_logger(__name__)
CODE_TEMPLATES = frozenset({"verify_email", "reset_password", "login_code"})
"""Letters that carry a code or link: it goes first, is computed when it leaves, and is worth nothing late."""


class NotificationService:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._messages = MessageRepository(session)

    async def queue(self, *notices: Notice) -> None:
        """Have letters sent if this transaction commits; a notice that was queued before does nothing."""
        events: list[Event] = []
        letters: list[MessageId] = []
        for message_id, template, channel in await self._messages.add(notices):
            if channel is Channel.SMS:
                events.append(SmsQueued(message_id))
            elif template in CODE_TEMPLATES:
                events.append(CodeQueued((message_id,)))
            else:
                letters.append(message_id)
        if letters:
            events.append(LettersQueued(tuple(letters)))
        await publish(self._session, *events)


class MailService:
    """Sends what was queued."""

    def __init__(self, session: AsyncSession, settings: Settings, now: Now, mailer: Mailer) -> None:
        self._session = session
        self._messages = MessageRepository(session)
        self._auth = AuthService(session, settings, now)
        self._links = PasswordLinks(session, settings, now)
        self._mailer = mailer

    async def send(self, message_ids: Sequence[MessageId]) -> None:
        """Send letters, one after the other. Their claims are kept before the server is called.

        A crash after the server took one sends it a second time, with the same Message-ID and the same words; nothing
        can be known that would prevent it (fault K13). One that fails does not keep the others back; then this raises
        what `Mailer.send` does when it is worth trying again, and what was sent does not go again.
        """
        failure: Exception | None = None
        for message in await self._messages.claim(message_ids):
            try:
                await self._send(message)
            except Exception as error:  # noqa: BLE001 - raised below, once the others have had their turn
                failure = failure or error
        if failure is not None:
            raise failure

    async def _send(self, message: Outgoing) -> None:
        if message.status is MessageStatus.DROPPED:
            return
        addressed = await self._address(message)
        if addressed is None:
            await self._messages.settle_letter(message.id, MessageStatus.DROPPED)
            return
        letter, envelope = addressed
        await checkpoint(self._session)
        failpoint("before_smtp")
        try:
            await self._mailer.send(letter, envelope)
        except ReceiverRefused as refused:
            log.warning("letter_refused", message_id=message.id)  # its row says why; servers like to repeat the address
            await self._messages.settle_letter(message.id, MessageStatus.FAILED, str(refused)[:300])
            return
        failpoint("after_smtp")
        await self._messages.settle_letter(message.id, MessageStatus.SENT)

    async def _address(self, message: Outgoing) -> tuple[Letter, Envelope] | None:
        """The letter as it leaves; None when its receiver is gone or its code works no longer."""
        receiver = message.receiver
        if receiver is None:
            return None
        context = {**message.context, "name": receiver.full_name}
        if message.template in CODE_TEMPLATES:
            secret = await self._secret(message)
            if secret is None:
                return None
            context |= {**secret, "expires_at": message.expires_at}
        envelope = Envelope(message.id, receiver.full_name, receiver.email, message.created_at)
        return write(message.template, receiver.language, context), envelope

    async def _secret(self, message: Outgoing) -> dict[str, str] | None:
        """What a letter says that is kept nowhere; None when it works no longer."""
        if message.template == "reset_password":
            link = await self._links.link_to_send(message.context["reset_id"])
            return {"link": link} if link else None
        code = await self._auth.code_to_send(message.context["otp_id"])
        return {"code": code} if code else None
