"""Setting a second factor up, and taking it away."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends

from mestore.auth import totp
from mestore.auth.device import Device
from mestore.auth.errors import MfaAlreadyEnabled, MfaNotEnabled, WrongSecondFactor
from mestore.auth.owner_check import OwnerCheck
from mestore.auth.repository import SecondFactorRepository, SessionRepository
from mestore.auth.second_factor import SecondFactor, hash_of
from mestore.core.database import Session
from mestore.core.ids import SessionId
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.models import User

_RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No look-alikes: people copy them from paper."""

_GROUPS, _GROUP = 4, 4
"""79 random bits."""


@dataclass(frozen=True)
class Enrolment:
    secret: str
    otpauth_url: str


@dataclass(frozen=True)
class SecondFactorState:
    enabled: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


class SecondFactorService:
    def __init__(
        self, session: Session, settings: CurrentSettings, now: Clock, owner: Annotated[OwnerCheck, Depends()]
    ) -> None:
        self._settings = settings.auth
        self._owner = owner
        self._factor = SecondFactor(session, settings, now)
        self._factors = SecondFactorRepository(session)
        self._sessions = SessionRepository(session)

    async def state(self, user: User) -> SecondFactorState:
        authenticator = await self._factor.of(user.id)
        left = await self._factors.recovery_codes_left(user.id)
        return SecondFactorState(authenticator is not None, authenticator.confirmed_at if authenticator else None, left)

    async def enroll(self, user: User, password: str, device: Device) -> Enrolment:
        """A secret for the application. It counts once a code of it was shown; asked again before that, it is another.

        Raises:
            WrongPassword: who holds the session does not know the password.
            MfaAlreadyEnabled: there is one already.
        """
        await self._owner.knows_password(user, password, device)
        secret = totp.new_secret()
        if not await self._factors.enroll(user.id, totp.encrypt(self._settings, secret)):
            raise MfaAlreadyEnabled
        return Enrolment(secret, totp.url(secret, user.email))

    async def confirm(self, user: User, session_id: SessionId, code: str) -> list[str]:
        """Take the first code of the application; from then on signing in needs one. The recovery codes, in plain once.

        Raises:
            MfaNotEnabled: `enroll` comes first.
            MfaAlreadyEnabled: it was confirmed before.
            WrongSecondFactor: the code is another's, or of another time.
        """
        authenticator = await self._factors.begun(user.id)
        if authenticator is None:
            raise MfaNotEnabled
        if authenticator.confirmed_at is not None:
            raise MfaAlreadyEnabled
        if not await self._factor.take_code(authenticator, code):
            raise WrongSecondFactor
        await self._factors.confirm(user.id)
        codes = [_new_recovery_code() for _ in range(_RECOVERY_CODES)]
        await self._factors.replace_recovery_codes(user.id, [hash_of(user.id, code) for code in codes])
        await self._sessions.set_second_factor(user.id, session_id, shown=True)
        return codes

    async def disable(self, user: User, password: str, shown: str, device: Device) -> None:
        """Sign in with the password alone from now on.

        Raises:
            WrongPassword: who holds the session does not know the password.
            MfaNotEnabled: there is nothing to take away.
            WrongSecondFactor: the code does not fit.
        """
        authenticator = await self._factor.of(user.id)
        if authenticator is None:
            raise MfaNotEnabled
        await self._owner.knows_password(user, password, device)
        fits = await self._factor.take(authenticator, shown)
        if not await self._owner.holds(user, device, fits=fits):
            raise WrongSecondFactor
        await self._factors.remove(user.id)
        await self._sessions.set_second_factor(user.id, None, shown=False)


def _new_recovery_code() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
