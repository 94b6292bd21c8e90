"""Codes by SMS. When one can't be had, whoever wants to sign in gets the code by e-mail (fault F71)."""

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.auth.models import OtpCode, OtpPurpose
from mestore.auth.service import AuthService
from mestore.core.clock import COLOMBIA, Now
from mestore.core.database import checkpoint
from mestore.core.failpoints import failpoint
from mestore.core.ids import MessageId, UserId
from mestore.core.jobs import publish
from mestore.core.settings import Settings
from mestore.notifications.events import SmsTaken
from mestore.notifications.mailer import ReceiverRefused
from mestore.notifications.models import Channel, MessageStatus, Notice
from mestore.notifications.repository import MessageRepository, Outgoing, SmsBudget
from mestore.notifications.service import NotificationService
from mestore.notifications.twilio import SmsNotTaken, Twilio
from mestore.users.errors import UserNotFound
from mestore.users.service import UserService

log = structlog.get_logger(__name__)
TEMPLATES = {OtpPurpose.VERIFY_PHONE: "verify_phone", OtpPurpose.LOGIN_PHONE: "login_phone"}
_BY_MAIL = "login_code"

# Without á, í, ó, ú and capitals of them: these would make two SMS, and two prices, of one (GSM 03.38 lacks them).
TEXTS = {
    ("verify_phone", "es"): "MeStore: {code} es tu clave para verificar el celular. Vence en {minutes} min. "
    "No la compartas: nadie de MeStore te la va a pedir.",
    ("verify_phone", "en"): "MeStore: {code} is your code to verify your phone. It expires in {minutes} min. "
    "Share it with nobody: no one at MeStore will ask for it.",
    ("login_phone", "es"): "MeStore: {code} es tu clave para entrar. Vence en {minutes} min. "
    "No la compartas: nadie de MeStore te la va a pedir.",
    ("login_phone", "en"): "MeStore: {code} is your code to sign in. It expires in {minutes} min. "
    "Share it with nobody: no one at MeStore will ask for it.",
}


class SmsService:
    def __init__(self, session: AsyncSession, settings: Settings, now: Now, twilio: Twilio) -> None:
        self._session = session
        self._settings = settings
        self._now = now
        self._messages = MessageRepository(session)
        self._budget = SmsBudget(session)
        self._notifications = NotificationService(session)
        self._users = UserService(session, settings, now)
        self._auth = AuthService(session, settings, now)
        self._twilio = twilio

    async def queue(self, otp: OtpCode) -> None:
        """Have a code sent if this transaction commits, as long as the day's budget lasts."""
        context = {"otp_id": otp.id}
        template = TEMPLATES[otp.purpose]
        if await self._budget.take(self._now().astimezone(COLOMBIA).date(), self._settings.sms.daily_budget):
            await self._notifications.queue(
                Notice(f"otp:{otp.id}", otp.user_id, template, context, otp.expires_at, Channel.SMS)
            )
            return
        log.error("sms_budget_used_up", budget=self._settings.sms.daily_budget)
        if otp.purpose is OtpPurpose.LOGIN_PHONE:
            await self._queue_letter(f"otp:{otp.id}", otp.user_id, otp)

    async def send(self, message_id: MessageId) -> None:
        """Send one SMS. Its claim is committed before Twilio is called.

        A crash after Twilio took it, or an answer that was lost, sends it a second time, with the same words.

        Raises:
            SmsNotTaken: worth trying again.
        """
        claimed = await self._messages.claim([message_id])
        if not claimed or claimed[0].status is MessageStatus.DROPPED:
            return
        (message,) = claimed
        addressed = await self._address(message)
        if addressed is None:
            await self._messages.settle(message_id, MessageStatus.DROPPED)
            return
        await checkpoint(self._session)
        failpoint("before_sms")
        try:
            sid = await self._twilio.send(*addressed)
        except ReceiverRefused as refused:
            await self._fail(message, str(refused))
            return
        except SmsNotTaken:
            await self._send_letter(message)
            await checkpoint(self._session)
            raise
        failpoint("after_sms")
        await self._messages.settle(message_id, MessageStatus.SENT, provider_id=sid)
        await publish(
            self._session, SmsTaken(message_id), after=timedelta(seconds=self._settings.sms.look_after_seconds)
        )

    async def look(self, message_id: MessageId) -> None:
        """Ask what became of an SMS that Twilio took.

        Raises:
            SmsNotTaken: there was no answer; worth asking again.
        """
        message = await self._messages.sent(message_id)
        if message is None or message.provider_id is None:
            return
        await checkpoint(self._session)
        failure = await self._twilio.failure_of(message.provider_id)
        if failure is not None:
            await self._fail(message, failure)

    async def _fail(self, message: Outgoing, why: str) -> None:
        log.warning("sms_failed", message_id=message.id, why=why)
        await self._messages.settle(message.id, MessageStatus.FAILED, why, provider_id=message.provider_id)
        await self._send_letter(message)

    async def _send_letter(self, message: Outgoing) -> None:
        """The same code by e-mail, where it proves as much: not where the phone itself is to be proved."""
        otp = await self._auth.usable_code(message.context["otp_id"])
        if otp is not None and otp.purpose is OtpPurpose.LOGIN_PHONE:
            await self._queue_letter(message.fact, message.receiver_id, otp)

    async def _queue_letter(self, fact: str, receiver_id: UserId, otp: OtpCode) -> None:
        try:
            user = await self._users.by_id(receiver_id)
        except UserNotFound:
            return
        if user.email_verified:
            await self._notifications.queue(Notice(fact, receiver_id, _BY_MAIL, {"otp_id": otp.id}, otp.expires_at))

    async def _address(self, message: Outgoing) -> tuple[str, str] | None:
        """Number and text; None when the receiver is gone or the code works no longer."""
        try:
            user = await self._users.by_id(message.receiver_id)
        except UserNotFound:
            return None
        code = await self._auth.code_to_send(message.context["otp_id"])
        if code is None:
            return None
        text = TEXTS[message.template, user.language]
        return user.phone, text.format(code=code, minutes=self._settings.auth.otp_minutes)
