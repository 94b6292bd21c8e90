"""Signing up, and proving that an e-mail is one's own."""

import math
from datetime import timedelta

from mestore.auth import one_time_codes
from mestore.auth.errors import EmailAlreadyVerified, InvalidCode, TooManyCodes
from mestore.auth.events import EmailVerificationWished, EmailVerified, RegistrationRepeated
from mestore.auth.models import OtpCode, OtpPurpose
from mestore.auth.repository import OtpRepository, SessionRepository
from mestore.core.database import Session, checkpoint
from mestore.core.ids import SessionId, UserId
from mestore.core.jobs import publish
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.models import User, UserSession
from mestore.users.service import Details, NewUser, UserService

_HOUR_SECONDS = 3600


class AuthService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._settings = settings.auth
        self._users = UserService(session, settings, now)
        self._codes = OtpRepository(session)
        self._sessions = SessionRepository(session)

    async def register(self, new: NewUser) -> User:
        """Make an account, or answer as if: nobody learns from the answer whether an e-mail has one (fault F64).

        When it has, nothing is made or changed. The answer is what was sent, with an id that belongs to nobody, after
        the same work; the owner is told by mail, which is where a forgetful owner learns it too. A stranger can still
        find out by signing in afterwards with the password just sent; that the limits of both addresses make slow.

        Raises:
            DetailsRefused: the e-mail, phone or password doesn't fit.
        """
        user = await self._users.prepare(new)
        if await self._users.add(user, new.ip):
            await publish(self._session, EmailVerificationWished(user.id))
        elif owner := await self._users.by_email(new.email):
            await publish(self._session, RegistrationRepeated(owner.id))
        return user

    async def change_details(self, user: User, changes: Details) -> User:
        """Change what was named. A code on its way to the old phone verifies no other, and signs nobody in."""
        if changes.phone is not None and changes.phone != user.phone:
            await self._codes.invalidate(user.id, OtpPurpose.VERIFY_PHONE)
            await self._codes.invalidate(user.id, OtpPurpose.LOGIN_PHONE)
        return await self._users.change_details(user, changes)

    async def request_email_code(self, user: User) -> int:
        """Have a code mailed and say after how many seconds another can be. Asking again before that sends none.

        Raises:
            EmailAlreadyVerified: there is nothing to verify.
            TooManyCodes: an hour's codes were sent.
        """
        if user.email_verified:
            raise EmailAlreadyVerified
        sends = await self._codes.sends(user.id, OtpPurpose.VERIFY_EMAIL)
        cooldown = self._settings.otp_cooldown_seconds
        if sends.since_newest is not None and sends.since_newest < cooldown:
            return math.ceil(cooldown - sends.since_newest)
        if sends.count >= self._settings.otp_per_hour:
            raise TooManyCodes(math.ceil(_HOUR_SECONDS - sends.since_oldest))
        await publish(self._session, EmailVerificationWished(user.id))
        return cooldown

    async def verify_email(self, user: User, code: str) -> User:
        """Take a code. A wrong guess is counted for good, though the request is refused.

        Raises:
            InvalidCode: wrong, used, replaced, expired, or guessed at too often.
        """
        purpose = OtpPurpose.VERIFY_EMAIL
        code_hash = one_time_codes.hash_of(self._settings, user.id, purpose, code)
        if not await self._codes.try_code(user.id, purpose, code_hash, self._settings.otp_attempts):
            await checkpoint(self._session)
            raise InvalidCode
        verified = await self._users.mark_email_verified(user.id)
        await publish(self._session, EmailVerified(user.id))
        return verified

    async def issue_email_code(self, user_id: UserId) -> OtpCode | None:
        """For the job that mails it: a new code in place of the one before, unless the limits or the account forbid."""
        purpose = OtpPurpose.VERIFY_EMAIL
        await self._codes.one_at_a_time(user_id, purpose)
        user = await self._users.by_id(user_id)
        sends = await self._codes.sends(user_id, purpose)
        too_soon = sends.since_newest is not None and sends.since_newest < self._settings.otp_cooldown_seconds
        if user.email_verified or too_soon or sends.count >= self._settings.otp_per_hour:
            return None
        lifetime = timedelta(minutes=self._settings.otp_minutes)
        drawn = one_time_codes.draw(self._settings, user_id, purpose)
        return await self._codes.replace(user_id, purpose, drawn, lifetime)

    async def usable_code(self, otp_id: int) -> OtpCode | None:
        """None when it works no longer."""
        return await self._codes.usable(otp_id)

    async def code_to_send(self, otp_id: int) -> str | None:
        """What the letter says; None when the code works no longer."""
        stored = await self._codes.usable(otp_id)
        return one_time_codes.read(self._settings, stored) if stored else None

    async def session_to_tell(self, session_id: SessionId) -> UserSession | None:
        """What the letter about a new sign-in tells."""
        return await self._sessions.get(session_id)
