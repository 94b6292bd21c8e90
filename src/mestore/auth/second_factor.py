"""The second factor at sign-in: a code of an authenticator application, or a recovery code for when that is lost."""

import hashlib

from mestore.auth import totp
from mestore.auth.models import Authenticator
from mestore.auth.repository import SecondFactorRepository
from mestore.core.database import Session
from mestore.core.ids import UserId
from mestore.core.wiring import Clock, CurrentSettings


class SecondFactor:
    """Whether what somebody shows beside the password fits."""

    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._settings = settings.auth
        self._now = now
        self._factors = SecondFactorRepository(session)

    async def of(self, user_id: UserId) -> Authenticator | None:
        """The authenticator that this user must show a code of."""
        return await self._factors.confirmed(user_id)

    async def take(self, authenticator: Authenticator, shown: str) -> bool:
        """Whether a code fits: of the application, once, or a recovery code, which this uses up."""
        digits = shown.replace(" ", "")
        if len(digits) == 6 and digits.isdecimal():
            return await self.take_code(authenticator, digits)
        return await self._factors.use_recovery_code(authenticator.user_id, hash_of(authenticator.user_id, shown))

    async def take_code(self, authenticator: Authenticator, digits: str) -> bool:
        secret = totp.decrypt(self._settings, authenticator.secret)
        step = totp.step_of(secret, digits, self._now()) if secret else None
        if secret is None or step is None:
            return False
        return await self._factors.use_step(authenticator.user_id, step, totp.encrypt(self._settings, secret))


def hash_of(user_id: UserId, recovery_code: str) -> bytes:
    """Of its letters, however somebody groups them. They are too many to try through, whatever the hash."""
    letters = recovery_code.replace(" ", "").replace("-", "").lower()
    return hashlib.sha256(user_id.bytes + letters.encode()).digest()
