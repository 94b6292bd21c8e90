"""Sessions: signing in, staying signed in, signing out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends

from mestore.auth import refresh_tokens
from mestore.auth.device import Device
from mestore.auth.errors import InvalidCredentials, InvalidRefreshToken
from mestore.auth.repository import SessionRepository
from mestore.auth.session_cache import SessionCache
from mestore.core import tokens
from mestore.core.database import Session, checkpoint
from mestore.core.ids import SessionId, UserId
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.models import User
from mestore.users.service import UserService


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds that the access token is good for."""
    user: User


class SessionService:
    def __init__(
        self, session: Session, settings: CurrentSettings, now: Clock, cache: Annotated[SessionCache, Depends()]
    ) -> None:
        self._session = session
        self._settings = settings.auth
        self._now = now
        self._cache = cache
        self._users = UserService(session, settings, now)
        self._sessions = SessionRepository(session)
        self._lifetime = timedelta(days=self._settings.refresh_days)

    async def sign_in(self, email: str, password: str, device: Device) -> Tokens:
        """Start a session.

        Raises:
            InvalidCredentials: for an unknown e-mail, a wrong password and an inactive account alike, after equal time.
        """
        user = await self._users.by_email(email)
        await checkpoint(self._session)  # no connection is kept from others while the password is hashed
        if not await self._users.knows_password(user, password) or user is None or not user.is_active:
            raise InvalidCredentials
        session_id = await self._sessions.start(user.id, device)
        token = refresh_tokens.first()
        await self._sessions.add_token(session_id, refresh_tokens.hash_of(token), self._lifetime)
        await checkpoint(self._session)
        await self._cache.remember(user.id, session_id, device)
        return self._tokens(user, session_id, token)

    async def refresh(self, token: str, device: Device) -> Tokens:
        """New tokens for a refresh token, once; asked again within the grace, the same refresh token (a lost answer).

        Raises:
            InvalidRefreshToken: unknown, expired, or of an ended session. One that was used up before the grace is in
                two hands, of which one is a thief's: the session is ended.
        """
        token_hash = refresh_tokens.hash_of(token)
        successor = refresh_tokens.successor(self._settings, token)
        taken = await self._sessions.use_token(token_hash)
        if taken is not None:
            token_id, session_id, user_id = taken
            await self._sessions.add_token(session_id, refresh_tokens.hash_of(successor), self._lifetime, token_id)
        else:
            session_id, user_id = await self._rotated_just_now(token_hash)
        user = await self._users.by_id(user_id)
        await checkpoint(self._session)
        await self._cache.remember(user_id, session_id, device)
        return self._tokens(user, session_id, successor)

    async def sign_out(self, user_id: UserId, session_id: SessionId) -> None:
        """End this session: its tokens are refused from the next request on."""
        await self._sessions.end(session_id)
        await checkpoint(self._session)
        await self._cache.forget(user_id, session_id)

    async def _rotated_just_now(self, token_hash: bytes) -> tuple[SessionId, UserId]:
        used = await self._sessions.used_token(token_hash, timedelta(seconds=self._settings.refresh_grace_seconds))
        if used is None:
            raise InvalidRefreshToken
        session_id, user_id, just_now = used
        if not just_now:
            await self._sessions.end(session_id)
            await checkpoint(self._session)
            await self._cache.forget(user_id, session_id)
            raise InvalidRefreshToken
        return session_id, user_id

    def _tokens(self, user: User, session_id: SessionId, refresh_token: str) -> Tokens:
        access_token = tokens.issue(self._settings, user.id, session_id, self._now())
        return Tokens(access_token, refresh_token, self._settings.access_minutes * 60, user)
