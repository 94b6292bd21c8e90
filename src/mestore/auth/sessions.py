"""Sessions: signing in, staying signed in, signing out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from mestore.auth import refresh_tokens
from mestore.auth.device import Device
from mestore.auth.errors import InvalidCredentials, InvalidRefreshToken, MfaRequired, SessionNotFound
from mestore.auth.events import AccountLocked, SignedInOnNewDevice
from mestore.auth.login_guard import LoginGuard, Proof, Verdict
from mestore.auth.models import Authenticator
from mestore.auth.repository import SessionRepository
from mestore.auth.second_factor import SecondFactor
from mestore.auth.session_cache import SessionCache
from mestore.core import tokens
from mestore.core.database import Session, checkpoint
from mestore.core.ids import SessionId, UserId
from mestore.core.jobs import publish
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.models import User, UserSession, UserType
from mestore.users.service import UserService

_NOBODY = UserId(UUID(int=0))


@dataclass(frozen=True)
class Credentials:
    email: str
    password: str
    otp_code: str | None = None
    only: tuple[UserType, ...] = tuple(UserType)
    """Other kinds of account are answered like a wrong password."""

    def may_be(self, user: User) -> bool:
        return user.is_active and user.user_type in self.only


@dataclass(frozen=True)
class LivingSession:
    session: UserSession
    last_seen_at: datetime
    """When it last asked for tokens: an access token lasts an hour, so it is true to the hour."""


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds that the access token is good for."""
    user: User


class SessionService:
    def __init__(
        self,
        session: Session,
        settings: CurrentSettings,
        now: Clock,
        cache: Annotated[SessionCache, Depends()],
        guard: Annotated[LoginGuard, Depends()],
    ) -> None:
        self._session = session
        self._settings = settings.auth
        self._now = now
        self._cache = cache
        self._guard = guard
        self._factor = SecondFactor(session, settings, now)
        self._users = UserService(session, settings, now)
        self._sessions = SessionRepository(session)
        self._lifetime = timedelta(days=self._settings.refresh_days)

    async def sign_in(self, shown: Credentials, device: Device) -> Tokens:
        """Start a session.

        Raises:
            InvalidCredentials: for an unknown e-mail, a wrong password or code, a locked or inactive account alike,
                after equal time.
            MfaRequired: the password is right, and this account needs a code too.
            TooManyFailures: of this address.
        """
        await self._guard.admit(device.ip)
        user = await self._users.by_email(shown.email)
        # Nobody has no authenticator; who asks must not learn so from the time.
        authenticator = await self._factor.of(user.id if user else _NOBODY)
        await checkpoint(self._session)  # no connection is kept from others while the password is hashed
        proof = Proof.WRONG
        if await self._users.knows_password(user, shown.password) and user is not None and shown.may_be(user):
            proof = await self._second_factor(authenticator, shown.otp_code)
        verdict = await self._guard.settle(shown.email, device.ip, proof)
        if verdict is Verdict.LOCKED_NOW:
            await publish(self._session, AccountLocked(user.id if user else _NOBODY))
            await checkpoint(self._session)
        if user is None or proof is Proof.WRONG or verdict is not Verdict.OPEN:
            raise InvalidCredentials
        if proof is Proof.INCOMPLETE:
            raise MfaRequired
        return await self.open(user, device, second_factor=authenticator is not None)

    async def open(self, user: User, device: Device, *, second_factor: bool) -> Tokens:
        """Start a session of somebody who has proved who they are, and tell them when it is on a new device.

        Raises:
            InvalidCredentials: the password was changed, or the account closed, since `user` was read.
        """
        devices = await self._sessions.devices(user.id)
        session_id = await self._sessions.start(user, device, second_factor=second_factor)
        if session_id is None:
            raise InvalidCredentials
        if self._had_sessions(user, devices) and _program(device.user_agent) not in map(_program, devices):
            await publish(self._session, SignedInOnNewDevice(user.id, session_id))
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
            stored = await self._sessions.successor_of(token_hash)
            known = refresh_tokens.known_successor(self._settings, token, stored) if stored else None
            if known is None:
                raise InvalidRefreshToken
            successor = known
        user = await self._users.by_id(user_id)
        await checkpoint(self._session)
        await self._cache.remember(user_id, session_id, device)
        return self._tokens(user, session_id, successor)

    async def living(self, user_id: UserId) -> list[LivingSession]:
        return [LivingSession(session, seen) for session, seen in await self._sessions.living(user_id)]

    async def end(self, user_id: UserId, session_id: SessionId) -> None:
        """End one session of this user: its tokens are refused from the next request on.

        Raises:
            SessionNotFound: it is another's, or ended already.
        """
        if not await self._end(user_id, only=session_id):
            raise SessionNotFound

    async def end_others(self, user_id: UserId, session_id: SessionId) -> None:
        """End all sessions of this user but one."""
        await self._end(user_id, but=session_id)

    async def end_all(self, user_id: UserId) -> None:
        await self._end(user_id)

    async def _end(
        self, user_id: UserId, *, but: SessionId | None = None, only: SessionId | None = None
    ) -> Sequence[SessionId]:
        ended = await self._sessions.end_of(user_id, but=but, only=only)
        await checkpoint(self._session)
        await self._cache.forget(user_id, *ended)
        return ended

    def _had_sessions(self, user: User, devices: Sequence[str | None]) -> bool:
        """Whether this is not the first one, as far as that is remembered: nobody is told of that."""
        remembered = timedelta(days=self._settings.sessions_kept_days)
        return bool(devices) or user.created_at < self._now() - remembered

    async def _second_factor(self, authenticator: Authenticator | None, code: str | None) -> Proof:
        if authenticator is None:
            return Proof.RIGHT
        if code is None:
            return Proof.INCOMPLETE
        return Proof.RIGHT if await self._factor.take(authenticator, code) else Proof.WRONG

    async def _rotated_just_now(self, token_hash: bytes) -> tuple[SessionId, UserId]:
        used = await self._sessions.used_token(token_hash, timedelta(seconds=self._settings.refresh_grace_seconds))
        if used is None:
            raise InvalidRefreshToken
        session_id, user_id, just_now = used
        if not just_now:
            await self._end(user_id, only=session_id)
            raise InvalidRefreshToken
        return session_id, user_id

    def _tokens(self, user: User, session_id: SessionId, refresh_token: str) -> Tokens:
        access_token = tokens.issue(self._settings, user.id, session_id, self._now())
        return Tokens(access_token, refresh_token, self._settings.access_minutes * 60, user)


def _program(user_agent: str | None) -> str:
    """What a device says it is, whatever the versions: an update makes no new device."""
    return re.sub(r"[0-9][0-9._]*", "", user_agent or "")
