"""Setting another password: by a link that is mailed, or by knowing the present one."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from mestore.auth import password_links
from mestore.auth.device import Device
from mestore.auth.errors import InvalidResetToken, WrongPassword
from mestore.auth.events import PasswordChanged, PasswordResetWished
from mestore.auth.login_guard import LoginGuard
from mestore.auth.models import PasswordReset
from mestore.auth.owner_check import OwnerCheck
from mestore.auth.repository import PasswordResetRepository
from mestore.auth.sessions import SessionService
from mestore.core.database import Session
from mestore.core.ids import SessionId, UserId, new_uuid
from mestore.core.jobs import publish
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.errors import UserNotFound
from mestore.users.models import User
from mestore.users.service import UserService

_NOBODY = UserId(UUID(int=0))


class PasswordLinks:
    """For the jobs that mail the links."""

    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._settings = settings.auth
        self._users = UserService(session, settings, now)
        self._resets = PasswordResetRepository(session)

    async def issue(self, user_id: UserId) -> PasswordReset | None:
        """A new link, unless the limits or the account forbid."""
        await self._resets.one_at_a_time(user_id)
        try:
            user = await self._users.by_id(user_id)
        except UserNotFound:
            return None
        sends = await self._resets.sends(user_id)
        too_soon = sends.since_newest is not None and sends.since_newest < self._settings.reset_cooldown_seconds
        if not user.is_active or too_soon or sends.count >= self._settings.resets_per_hour:
            return None
        salt, token_hash = password_links.draw(self._settings)
        return await self._resets.add(user_id, salt, token_hash, timedelta(minutes=self._settings.reset_minutes))

    async def link_to_send(self, reset_id: int) -> str | None:
        """What the letter says; None when the link works no longer."""
        stored = await self._resets.usable(reset_id)
        token = password_links.read(self._settings, stored) if stored else None
        return f"{self._settings.reset_url}#token={token}" if token else None


class PasswordService:
    def __init__(
        self,
        session: Session,
        settings: CurrentSettings,
        now: Clock,
        owner: Annotated[OwnerCheck, Depends()],
        guard: Annotated[LoginGuard, Depends()],
        sessions: Annotated[SessionService, Depends()],
    ) -> None:
        self._session = session
        self._owner = owner
        self._guard = guard
        self._sessions = sessions
        self._users = UserService(session, settings, now)
        self._resets = PasswordResetRepository(session)

    async def forget(self, email: str) -> None:
        """Have a link mailed, if there is such an account; the work until the answer is the same if there is none."""
        user = await self._users.by_email(email)
        await publish(self._session, PasswordResetWished(user.id if user else _NOBODY))

    async def reset(self, token: str, password: str) -> None:
        """Set another password. Every session ends, every other link dies, and a locked account is open again.

        Raises:
            InvalidResetToken: wrong, used, replaced by a change of the password, or expired.
            DetailsRefused: the password is common, or contains the e-mail.
        """
        token_hash = password_links.hash_of(token)
        user = await self._resets.owner(token_hash)
        if user is None:
            raise InvalidResetToken
        changed = await self._users.change_password(user, password)
        if not changed or not await self._resets.use(token_hash):
            raise InvalidResetToken
        await self._settle(user)
        await self._sessions.end_all(user.id)
        await self._guard.unlock(user.email)

    async def change(self, user: User, session_id: SessionId, current: str, password: str, device: Device) -> None:
        """Set another password, knowing the present one. Every other session ends, and every link dies.

        Raises:
            WrongPassword: also while the account is locked, or when another change was faster.
            DetailsRefused: the password is common, or contains the e-mail.
        """
        await self._owner.knows_password(user, current, device)
        if not await self._users.change_password(user, password):
            raise WrongPassword
        await self._settle(user)
        await self._sessions.end_others(user.id, session_id)

    async def _settle(self, user: User) -> None:
        await self._resets.invalidate(user.id)
        await publish(self._session, PasswordChanged(user.id, new_uuid()))
