"""Proving that a phone is one's own, and signing in with it, by codes that come as SMS.

An SMS costs money and disturbs whom it reaches, so much stands between a request and an SMS: a pause for each number, a
cap for each number and for each address (here), a cap for each account (when the code is made), and a day's budget for
the whole system (when its SMS is queued; fault F71). The first two are counted whether or not the number is known.
"""

import hashlib
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from limits import RateLimitItemPerHour, RateLimitItemPerSecond

from mestore.auth import one_time_codes
from mestore.auth.device import Device
from mestore.auth.errors import InvalidCode, PhoneAlreadyVerified, TooManyCodes
from mestore.auth.events import PhoneCodeWished
from mestore.auth.models import OtpCode, OtpPurpose
from mestore.auth.repository import OtpRepository
from mestore.auth.second_factor import SecondFactor
from mestore.auth.sessions import SessionService, Tokens
from mestore.core.client_address import household
from mestore.core.database import Session, checkpoint
from mestore.core.ids import UserId
from mestore.core.jobs import publish
from mestore.core.rate_limits import Count, limiter_of
from mestore.core.wiring import Clock, CurrentSettings, TheWorld
from mestore.users.errors import UserNotFound
from mestore.users.models import User, UserType
from mestore.users.phones import PhoneBook
from mestore.users.service import UserService

_NOBODY = UserId(UUID(int=0))


class PhoneCodes:
    """For the job that has the codes sent, and for whoever takes them."""

    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._settings = settings.auth
        self._users = UserService(session, settings, now)
        self._factor = SecondFactor(session, settings, now)
        self._codes = OtpRepository(session)

    async def issue(self, user_id: UserId, purpose: OtpPurpose) -> OtpCode | None:
        """A new code in place of the one before, unless the limits or the account forbid."""
        await self._codes.one_at_a_time(user_id, purpose)
        try:
            user = await self._users.by_id(user_id)
        except UserNotFound:
            return None
        sends = await self._codes.sends(user_id, purpose)
        too_soon = sends.since_newest is not None and sends.since_newest < self._settings.otp_cooldown_seconds
        if not await self._wanted(user, purpose) or too_soon or sends.count >= self._settings.otp_per_hour:
            return None
        drawn = one_time_codes.draw(self._settings, user_id, purpose)
        return await self._codes.replace(user_id, purpose, drawn, timedelta(minutes=self._settings.otp_minutes))

    async def take(self, user_id: UserId, purpose: OtpPurpose, code: str) -> bool:
        """Whether it is the code, which is used up by that. The guess is counted by the commit that must follow."""
        code_hash = one_time_codes.hash_of(self._settings, user_id, purpose, code)
        return await self._codes.try_code(user_id, purpose, code_hash, self._settings.otp_attempts)

    async def may_sign_in(self, user: User | None) -> bool:
        """Not staff, and nobody who set up a second factor: whoever has only the phone would get around it."""
        authenticator = await self._factor.of(user.id if user else _NOBODY)
        return user is not None and authenticator is None and user.user_type in {UserType.BUYER, UserType.VENDOR}

    async def _wanted(self, user: User, purpose: OtpPurpose) -> bool:
        if purpose is OtpPurpose.LOGIN_PHONE:
            return user.is_active and user.phone_verified and await self.may_sign_in(user)
        return user.is_active and not user.phone_verified


class PhoneService:
    def __init__(
        self,
        session: Session,
        settings: CurrentSettings,
        now: Clock,
        world: TheWorld,
        sessions: Annotated[SessionService, Depends()],
    ) -> None:
        self._session = session
        self._settings = settings
        self._limiter = limiter_of(world.redis)
        self._sessions = sessions
        self._codes = PhoneCodes(session, settings, now)
        self._phones = PhoneBook(session)

    async def request_verification(self, user: User, device: Device) -> int:
        """Have a code sent and say after how many seconds another can be. Asking again before that sends none.

        Raises:
            PhoneAlreadyVerified: there is nothing to verify.
            TooManyCodes: of this number, or from this address.
        """
        if user.phone_verified:
            raise PhoneAlreadyVerified
        return await self._request(user.id, user.phone, OtpPurpose.VERIFY_PHONE, device)

    async def verify(self, user: User, code: str) -> User:
        """Take a code. A wrong guess is counted for good, though the request is refused.

        Raises:
            InvalidCode: wrong, used, replaced, expired, guessed at too often, or of a number that was changed.
        """
        right = await self._codes.take(user.id, OtpPurpose.VERIFY_PHONE, code)
        verified = await self._phones.verify(user.id, user.phone) if right else None
        if verified is None:
            await checkpoint(self._session)
            raise InvalidCode
        return verified

    async def request_login(self, phone: str, device: Device) -> int:
        """Have a code sent, if the number is a verified one; the answer and the work are the same if it is not.

        Raises:
            TooManyCodes: of this number, or from this address.
        """
        user = await self._phones.holder(phone)
        receiver = user.id if await self._codes.may_sign_in(user) and user else _NOBODY
        return await self._request(receiver, phone, OtpPurpose.LOGIN_PHONE, device)

    async def log_in(self, phone: str, code: str, device: Device) -> Tokens:
        """Start a session. A wrong guess is counted for good, though the request is refused.

        Raises:
            InvalidCode: wrong, used, replaced, expired, guessed at too often, or of no such number.
        """
        user = await self._phones.holder(phone)
        right = await self._codes.take(user.id if user else _NOBODY, OtpPurpose.LOGIN_PHONE, code)
        if not await self._codes.may_sign_in(user) or not right or user is None:
            await checkpoint(self._session)
            raise InvalidCode
        return await self._sessions.open(user, device, second_factor=False)

    async def _request(self, user_id: UserId, phone: str, purpose: OtpPurpose, device: Device) -> int:
        auth, sms = self._settings.auth, self._settings.sms
        number = hashlib.sha256(phone.encode()).hexdigest()
        pause = RateLimitItemPerSecond(1, auth.otp_cooldown_seconds, namespace="sms_pause")
        (standing,) = await self._limiter.count([Count(pause, f"{purpose}/{number}")])
        if not standing.allowed:
            return standing.resets_in
        of_number = RateLimitItemPerHour(auth.otp_per_hour, namespace="sms_number")
        of_address = RateLimitItemPerHour(
            sms.codes_per_address_per_hour * self._settings.limits.factor, namespace="sms_address"
        )
        standings = await self._limiter.count([Count(of_number, number), Count(of_address, household(device.ip))])
        refused = [standing.resets_in for standing in standings if not standing.allowed]
        if refused:
            raise TooManyCodes(max(refused))
        await publish(self._session, PhoneCodeWished(user_id, purpose))
        return auth.otp_cooldown_seconds
