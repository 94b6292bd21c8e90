"""What the worker does to tell people what happened."""

import structlog

from mestore.auth.events import EmailVerificationWished, EmailVerified, RegistrationRepeated
from mestore.auth.service import AuthService
from mestore.core.clock import COLOMBIA
from mestore.core.database import transaction
from mestore.core.world import World
from mestore.notifications.events import MessageQueued
from mestore.notifications.mailer import Mailer
from mestore.notifications.order_letters import OrderLetters
from mestore.notifications.service import MailService, Notice, NotificationService
from mestore.orders.events import OrderConfirmed
from mestore.users.errors import UserNotFound

log = structlog.get_logger(__name__)


async def send_message(world: World, event: MessageQueued) -> None:
    async with transaction(world.sessions) as session:
        await MailService(session, world.settings, world.now, Mailer(world.settings.mail)).send(event.message_id)


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


async def tell_account_exists(world: World, event: RegistrationRepeated) -> None:
    """Once a day at most: somebody who registers a stranger's e-mail again and again must not fill its inbox."""
    day = world.now().astimezone(COLOMBIA).date()
    async with transaction(world.sessions) as session:
        notice = Notice(f"account_exists:{event.user_id}:{day}", event.user_id, "account_exists", {})
        await NotificationService(session).queue(notice)


async def welcome(world: World, event: EmailVerified) -> None:
    async with transaction(world.sessions) as session:
        await NotificationService(session).queue(Notice(f"welcome:{event.user_id}", event.user_id, "welcome", {}))


async def tell_order_confirmed(world: World, event: OrderConfirmed) -> None:
    async with transaction(world.sessions) as session:
        await OrderLetters(session).confirmed(event.order_id)
