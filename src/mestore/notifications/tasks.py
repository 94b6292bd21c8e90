"""What the worker does to tell people what happened."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.auth.events import (
    AccountLocked,
    EmailVerificationWished,
    EmailVerified,
    PasswordChanged,
    PasswordResetWished,
    PhoneCodeWished,
    RegistrationRepeated,
    SignedInOnNewDevice,
)
from mestore.auth.passwords import PasswordLinks
from mestore.auth.phone import PhoneCodes
from mestore.auth.service import AuthService
from mestore.complaints.events import ComplaintAnswered, ComplaintFiled
from mestore.core.clock import COLOMBIA
from mestore.core.database import transaction
from mestore.core.world import World
from mestore.notifications.complaint_letters import ComplaintLetters
from mestore.notifications.events import LettersQueued, SmsQueued, SmsTaken
from mestore.notifications.mailer import Mailer
from mestore.notifications.models import Notice
from mestore.notifications.order_letters import OrderLetters
from mestore.notifications.payment_letters import PaymentLetters
from mestore.notifications.return_letters import ReturnLetters
from mestore.notifications.service import MailService, NotificationService
from mestore.notifications.sms import SmsService
from mestore.notifications.twilio import Twilio
from mestore.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    PackageCancelled,
    PackageDelivered,
    PackageShipped,
    RefundMade,
)
from mestore.payments.events import SlipIssued
from mestore.returns.events import ReturnMoved
from mestore.users.errors import UserNotFound

log = structlog.get_logger(__name__)


async def send_letters(world: World, event: LettersQueued) -> None:
    async with transaction(world.sessions) as session:
        mailer = Mailer(world.settings.mail, world.smtp)
        await MailService(session, world.settings, world.now, mailer).send(event.message_ids)


async def make_email_code(world: World, event: EmailVerificationWished) -> None:
    """Make the code and queue its letter, both or neither. Wishes that come too often are let go."""
    async with transaction(world.sessions) as session:
        try:
            otp = await AuthService(session, world.settings, world.now).issue_email_code(event.user_id)
        except UserNotFound:
            otp = None
        if otp is None:
            log.info("code_not_made", user_id=str(event.user_id))
            return
        notice = Notice(f"otp:{otp.id}", event.user_id, "verify_email", {"otp_id": otp.id}, otp.expires_at)
        await NotificationService(session).queue(notice)


async def make_phone_code(world: World, event: PhoneCodeWished) -> None:
    """Make the code and queue its SMS, both or neither. Wishes for nobody, or that come too often, are let go."""
    async with transaction(world.sessions) as session:
        otp = await PhoneCodes(session, world.settings, world.now).issue(event.user_id, event.purpose)
        if otp is None:
            log.info("code_not_made", user_id=str(event.user_id))
            return
        await _sms(world, session).queue(otp)


async def send_sms(world: World, event: SmsQueued) -> None:
    async with transaction(world.sessions) as session:
        await _sms(world, session).send(event.message_id)


async def look_at_sms(world: World, event: SmsTaken) -> None:
    async with transaction(world.sessions) as session:
        await _sms(world, session).look(event.message_id)


def _sms(world: World, session: AsyncSession) -> SmsService:
    return SmsService(session, world.settings, world.now, Twilio(world.http, world.settings.sms))


async def tell_account_exists(world: World, event: RegistrationRepeated) -> None:
    """Once a day at most: somebody who registers a stranger's e-mail again and again must not fill its inbox."""
    day = world.now().astimezone(COLOMBIA).date()
    async with transaction(world.sessions) as session:
        notice = Notice(f"account_exists:{event.user_id}:{day}", event.user_id, "account_exists", {})
        await NotificationService(session).queue(notice)


async def make_password_link(world: World, event: PasswordResetWished) -> None:
    """Make the link and queue its letter, both or neither. Wishes for nobody, or that come too often, are let go."""
    async with transaction(world.sessions) as session:
        reset = await PasswordLinks(session, world.settings, world.now).issue(event.user_id)
        if reset is None:
            log.info("link_not_made", user_id=str(event.user_id))
            return
        fact = f"password_reset:{reset.id}"
        notice = Notice(fact, event.user_id, "reset_password", {"reset_id": reset.id}, reset.expires_at)
        await NotificationService(session).queue(notice)


async def tell_password_changed(world: World, event: PasswordChanged) -> None:
    async with transaction(world.sessions) as session:
        context = {"at": world.now().isoformat()}
        notice = Notice(f"password_changed:{event.change_id}", event.user_id, "password_changed", context)
        await NotificationService(session).queue(notice)


async def tell_account_locked(world: World, event: AccountLocked) -> None:
    """Once a day at most, and nobody where the e-mail has no account: the letter finds no receiver then."""
    day = world.now().astimezone(COLOMBIA).date()
    async with transaction(world.sessions) as session:
        notice = Notice(f"account_locked:{event.user_id}:{day}", event.user_id, "account_locked", {})
        await NotificationService(session).queue(notice)


async def tell_new_sign_in(world: World, event: SignedInOnNewDevice) -> None:
    async with transaction(world.sessions) as session:
        started = await AuthService(session, world.settings, world.now).session_to_tell(event.session_id)
        if started is None:
            return
        context = {
            "at": started.created_at.isoformat(),
            "ip": str(started.ip or ""),
            "device": started.user_agent or "",
        }
        notice = Notice(f"new_sign_in:{event.session_id}", event.user_id, "new_sign_in", context)
        await NotificationService(session).queue(notice)


async def welcome(world: World, event: EmailVerified) -> None:
    async with transaction(world.sessions) as session:
        await NotificationService(session).queue(Notice(f"welcome:{event.user_id}", event.user_id, "welcome", {}))


async def tell_order_confirmed(world: World, event: OrderConfirmed) -> None:
    async with transaction(world.sessions) as session:
        await _order_letters(world, session).confirmed(event.order_id)


async def tell_order_placed(world: World, event: OrderPlaced) -> None:
    async with transaction(world.sessions) as session:
        await _order_letters(world, session).placed(event.order_id)


async def tell_package_shipped(world: World, event: PackageShipped) -> None:
    async with transaction(world.sessions) as session:
        await _order_letters(world, session).shipped(event.order_id, event.package_id)


async def tell_package_delivered(world: World, event: PackageDelivered) -> None:
    async with transaction(world.sessions) as session:
        await _order_letters(world, session).delivered(event.order_id, event.package_id)


async def tell_order_cancelled(world: World, event: OrderCancelled) -> None:
    async with transaction(world.sessions) as session:
        await _order_letters(world, session).cancelled(event.order_id)


async def tell_package_cancelled(world: World, event: PackageCancelled) -> None:
    async with transaction(world.sessions) as session:
        await _order_letters(world, session).package_cancelled(event.order_id, event.package_id)


async def tell_refund_made(world: World, event: RefundMade) -> None:
    async with transaction(world.sessions) as session:
        await _order_letters(world, session).refunded(event)


def _order_letters(world: World, session: AsyncSession) -> OrderLetters:
    return OrderLetters(session, world.settings.orders)


async def tell_slip(world: World, event: SlipIssued) -> None:
    async with transaction(world.sessions) as session:
        await PaymentLetters(session, world.settings).slip(event.payment_id)


async def tell_complaint_filed(world: World, event: ComplaintFiled) -> None:
    async with transaction(world.sessions) as session:
        await ComplaintLetters(session).filed(event.complaint_id)


async def tell_complaint_answered(world: World, event: ComplaintAnswered) -> None:
    async with transaction(world.sessions) as session:
        await ComplaintLetters(session).answered(event.complaint_id, event.message_id)


async def tell_return(world: World, event: ReturnMoved) -> None:
    async with transaction(world.sessions) as session:
        await ReturnLetters(session).moved(event)
