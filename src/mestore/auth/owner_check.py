"""Whether who holds a session is its owner: asked before what a thief of the session must not do.

A wrong password or code counts like a failed sign-in, so a stolen session is no way around the limits.
"""

from typing import Annotated

from fastapi import Depends

from mestore.auth.device import Device
from mestore.auth.errors import WrongPassword
from mestore.auth.events import AccountLocked
from mestore.auth.login_guard import LoginGuard, Proof, Verdict
from mestore.core.database import Session, checkpoint
from mestore.core.jobs import publish
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.models import User
from mestore.users.service import UserService


class OwnerCheck:
    def __init__(
        self, session: Session, settings: CurrentSettings, now: Clock, guard: Annotated[LoginGuard, Depends()]
    ) -> None:
        self._session = session
        self._users = UserService(session, settings, now)
        self._guard = guard

    async def knows_password(self, user: User, password: str, device: Device) -> None:
        """Let the owner pass.

        Raises:
            WrongPassword: also while the account is locked.
        """
        await checkpoint(self._session)  # no connection is kept from others while the password is hashed
        if not await self.holds(user, device, fits=await self._users.knows_password(user, password)):
            raise WrongPassword

    async def holds(self, user: User, device: Device, *, fits: bool) -> bool:
        """Whether what was shown fits and the account isn't locked; what does not fit is counted for good."""
        verdict = await self._guard.settle(user.email, device.ip, Proof.INCOMPLETE if fits else Proof.WRONG)
        if verdict is Verdict.LOCKED_NOW:
            await publish(self._session, AccountLocked(user.id))
            await checkpoint(self._session)
        return fits and verdict is Verdict.OPEN
