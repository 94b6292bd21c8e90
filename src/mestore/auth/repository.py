"""Every query about codes, sessions, tokens, links and second factors. PostgreSQL's clock decides what expired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, case, delete, exists, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from mestore.auth.device import Device
from mestore.auth.models import Authenticator, OtpCode, OtpPurpose, PasswordReset, RecoveryCode, RefreshToken
from mestore.auth.one_time_codes import SALT_BYTES
from mestore.core.ids import SessionId, UserId, new_uuid
from mestore.users.models import User, UserSession

_NOW = func.clock_timestamp()
_HOUR = timedelta(hours=1)
_MOST_SHOWN = 100


@dataclass(frozen=True)
class Sends:
    """Codes or links of the last hour: how many, and seconds since the oldest and the newest of them."""

    count: int
    since_oldest: float
    since_newest: float | None


async def _one_at_a_time(session: AsyncSession, *name: object) -> None:
    """Let no other transaction do this until this one ends."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    await session.execute(lock, {"name": "\n".join(map(str, name))})


async def _sends(
    session: AsyncSession, created_at: InstrumentedAttribute[datetime], *which: ColumnElement[bool]
) -> Sends:
    found = await session.execute(
        select(
            func.count(),
            func.extract("epoch", _NOW - func.min(created_at)),
            func.extract("epoch", _NOW - func.max(created_at)),
        ).where(*which, created_at > _NOW - _HOUR)
    )
    count, since_oldest, since_newest = found.one()
    return Sends(count, float(since_oldest or 0), float(since_newest) if count else None)


class OtpRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def one_at_a_time(self, user_id: UserId, purpose: OtpPurpose) -> None:
        """Let no other transaction make a code for this until this one ends."""
        await _one_at_a_time(self._session, "otp", user_id, purpose)

    async def sends(self, user_id: UserId, purpose: OtpPurpose) -> Sends:
        return await _sends(self._session, OtpCode.created_at, *_of(user_id, purpose))

    async def replace(self, user_id: UserId, purpose: OtpPurpose, code_hash: bytes, lifetime: timedelta) -> OtpCode:
        """A new code; the one before it works no longer."""
        await self.invalidate(user_id, purpose)
        made = await self._session.execute(
            insert(OtpCode)
            .values(user_id=user_id, purpose=purpose, code_hash=code_hash, created_at=_NOW, expires_at=_NOW + lifetime)
            .returning(OtpCode)
        )
        return made.scalar_one()

    async def invalidate(self, user_id: UserId, purpose: OtpPurpose) -> None:
        await self._session.execute(
            update(OtpCode).where(*_of(user_id, purpose), *_usable()).values(invalidated_at=_NOW)
        )

    async def try_code(self, user_id: UserId, purpose: OtpPurpose, code_hash: bytes, attempts: int) -> bool:
        """Count a guess and use the code up if it is right: one statement, so that many at once are still counted."""
        right = func.substring(OtpCode.code_hash, SALT_BYTES + 1) == literal(code_hash)
        tried = await self._session.execute(
            update(OtpCode)
            .where(*_of(user_id, purpose), *_usable(), OtpCode.expires_at > _NOW, OtpCode.attempts < attempts)
            .values(attempts=OtpCode.attempts + 1, consumed_at=case((right, _NOW), else_=None))
            .returning(OtpCode.consumed_at)
        )
        return tried.scalar_one_or_none() is not None

    async def usable(self, otp_id: int) -> OtpCode | None:
        return await self._session.scalar(
            select(OtpCode).where(OtpCode.id == otp_id, *_usable(), OtpCode.expires_at > _NOW)
        )


def _of(user_id: UserId, purpose: OtpPurpose) -> tuple[ColumnElement[bool], ...]:
    return OtpCode.user_id == user_id, OtpCode.purpose == purpose


def _usable() -> tuple[ColumnElement[bool], ...]:
    return OtpCode.consumed_at.is_(None), OtpCode.invalidated_at.is_(None)


class SessionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def start(self, user: User, device: Device, *, second_factor: bool) -> SessionId | None:
        """A new session, unless the password was changed or the account closed since `user` was read.

        The account stays as it is until this transaction ends, so that whatever ends all its sessions ends this one.
        """
        unchanged = await self._session.scalar(
            select(User.id)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .where(User.is_active, User.deleted_at.is_(None))
            .with_for_update(read=True)
        )
        if unchanged is None:
            return None
        session_id = SessionId(new_uuid())
        await self._session.execute(
            insert(UserSession).values(
                id=session_id,
                user_id=user.id,
                ip=device.ip,
                user_agent=device.user_agent,
                second_factor=second_factor,
            )
        )
        return session_id

    async def devices(self, user_id: UserId) -> Sequence[str | None]:
        """Every program that this user ever signed in with."""
        found = await self._session.scalars(
            select(UserSession.user_agent).where(UserSession.user_id == user_id).distinct()
        )
        return found.all()

    async def get(self, session_id: SessionId) -> UserSession | None:
        return await self._session.get(UserSession, session_id)

    async def living(self, user_id: UserId) -> Sequence[Row[UserSession, datetime]]:
        """The sessions that can still be used, newest first, and when each last asked for tokens."""
        found = await self._session.execute(
            select(UserSession, func.max(RefreshToken.created_at))
            .join(RefreshToken, RefreshToken.session_id == UserSession.id)
            .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
            .group_by(UserSession.id)
            .having(func.max(RefreshToken.expires_at) > _NOW)
            .order_by(UserSession.id.desc())
            .limit(_MOST_SHOWN)
        )
        return found.all()

    async def end_of(
        self, user_id: UserId, *, but: SessionId | None = None, only: SessionId | None = None
    ) -> Sequence[SessionId]:
        """End the sessions of a user: all, all but one, or one. Those that this ended."""
        which = [UserSession.user_id == user_id, UserSession.revoked_at.is_(None)]
        if but is not None:
            which.append(UserSession.id != but)
        if only is not None:
            which.append(UserSession.id == only)
        ended = await self._session.scalars(
            update(UserSession).where(*which).values(revoked_at=_NOW).returning(UserSession.id)
        )
        return ended.all()

    async def set_second_factor(self, user_id: UserId, session_id: SessionId | None, *, shown: bool) -> None:
        """Of one session, or of all."""
        which = [UserSession.user_id == user_id] + ([UserSession.id == session_id] if session_id else [])
        await self._session.execute(update(UserSession).where(*which).values(second_factor=shown))

    async def add_token(
        self, session_id: SessionId, token_hash: bytes, lifetime: timedelta, parent_id: int | None = None
    ) -> None:
        await self._session.execute(
            insert(RefreshToken).values(
                session_id=session_id, parent_id=parent_id, token_hash=token_hash, expires_at=_NOW + lifetime
            )
        )

    async def use_token(self, token_hash: bytes) -> Row[int, SessionId, UserId] | None:
        """Use a token of a live session up; of many at once one gets it (id, session, user)."""
        used = await self._session.execute(
            update(RefreshToken)
            .where(
                RefreshToken.token_hash == token_hash,
                RefreshToken.used_at.is_(None),
                RefreshToken.expires_at > _NOW,
                RefreshToken.session_id == UserSession.id,
                *_live_session(),
            )
            .values(used_at=_NOW)
            .returning(RefreshToken.id, RefreshToken.session_id, UserSession.user_id)
        )
        return used.one_or_none()

    async def used_token(self, token_hash: bytes, grace: timedelta) -> Row[SessionId, UserId, bool] | None:
        """A token that was used up before, while its session lives: its session, user, and whether just now."""
        found = await self._session.execute(
            select(RefreshToken.session_id, UserSession.user_id, RefreshToken.used_at > _NOW - grace)
            .join(UserSession, UserSession.id == RefreshToken.session_id)
            .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None), *_live_session())
        )
        return found.one_or_none()

    async def successor_of(self, token_hash: bytes) -> bytes | None:
        """The hash of the token that a used one gave."""
        child = aliased(RefreshToken)
        return await self._session.scalar(
            select(child.token_hash)
            .join(RefreshToken, RefreshToken.id == child.parent_id)
            .where(RefreshToken.token_hash == token_hash)
        )


def _live_session() -> tuple[ColumnElement[bool], ...]:
    active = exists().where(User.id == UserSession.user_id, User.is_active, User.deleted_at.is_(None))
    return UserSession.revoked_at.is_(None), active


class PasswordResetRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def one_at_a_time(self, user_id: UserId) -> None:
        await _one_at_a_time(self._session, "password_reset", user_id)

    async def sends(self, user_id: UserId) -> Sends:
        return await _sends(self._session, PasswordReset.created_at, PasswordReset.user_id == user_id)

    async def add(self, user_id: UserId, salt: bytes, token_hash: bytes, lifetime: timedelta) -> PasswordReset:
        made = await self._session.execute(
            insert(PasswordReset)
            .values(user_id=user_id, salt=salt, token_hash=token_hash, created_at=_NOW, expires_at=_NOW + lifetime)
            .returning(PasswordReset)
        )
        return made.scalar_one()

    async def usable(self, reset_id: int) -> PasswordReset | None:
        return await self._session.scalar(select(PasswordReset).where(PasswordReset.id == reset_id, *_usable_reset()))

    async def owner(self, token_hash: bytes) -> User | None:
        """Whose password a token that still works resets."""
        return await self._session.scalar(
            select(User)
            .join(PasswordReset, PasswordReset.user_id == User.id)
            .where(PasswordReset.token_hash == token_hash, *_usable_reset(), User.is_active, User.deleted_at.is_(None))
        )

    async def use(self, token_hash: bytes) -> bool:
        """Use a token up; of many at once one gets it."""
        used = await self._session.scalar(
            update(PasswordReset)
            .where(PasswordReset.token_hash == token_hash, *_usable_reset())
            .values(used_at=_NOW)
            .returning(PasswordReset.id)
        )
        return used is not None

    async def invalidate(self, user_id: UserId) -> None:
        await self._session.execute(
            update(PasswordReset)
            .where(PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None))
            .values(invalidated_at=_NOW)
        )


def _usable_reset() -> tuple[ColumnElement[bool], ...]:
    return PasswordReset.used_at.is_(None), PasswordReset.invalidated_at.is_(None), PasswordReset.expires_at > _NOW


class SecondFactorRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begun(self, user_id: UserId) -> Authenticator | None:
        return await self._session.get(Authenticator, user_id, populate_existing=True)

    async def confirmed(self, user_id: UserId) -> Authenticator | None:
        return await self._session.scalar(
            select(Authenticator).where(Authenticator.user_id == user_id, Authenticator.confirmed_at.is_not(None))
        )

    async def enroll(self, user_id: UserId, secret: bytes) -> bool:
        """Whether a secret to be confirmed was stored, in place of one before; not where one is confirmed."""
        stored = await self._session.scalar(
            upsert(Authenticator)
            .values(user_id=user_id, secret=secret, last_step=0)
            .on_conflict_do_update(
                index_elements=[Authenticator.user_id],
                set_={"secret": secret, "created_at": func.now(), "last_step": 0},
                where=Authenticator.confirmed_at.is_(None),
            )
            .returning(Authenticator.user_id)
        )
        return stored is not None

    async def use_step(self, user_id: UserId, step: int, secret: bytes) -> bool:
        """Use a code up, with every older one; of many at once one gets it. The secret is stored anew encrypted."""
        used = await self._session.scalar(
            update(Authenticator)
            .where(Authenticator.user_id == user_id, Authenticator.last_step < step)
            .values(last_step=step, secret=secret)
            .returning(Authenticator.user_id)
        )
        return used is not None

    async def confirm(self, user_id: UserId) -> None:
        await self._session.execute(
            update(Authenticator).where(Authenticator.user_id == user_id).values(confirmed_at=_NOW)
        )

    async def use_recovery_code(self, user_id: UserId, code_hash: bytes) -> bool:
        used = await self._session.scalar(
            update(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None))
            .values(used_at=_NOW)
            .returning(RecoveryCode.id)
        )
        return used is not None

    async def recovery_codes_left(self, user_id: UserId) -> int:
        unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        return await self._session.scalar(select(func.count()).where(*unused)) or 0

    async def replace_recovery_codes(self, user_id: UserId, hashes: Sequence[bytes]) -> None:
        await self._session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        await self._session.execute(
            insert(RecoveryCode), [{"user_id": user_id, "code_hash": code_hash} for code_hash in hashes]
        )

    async def remove(self, user_id: UserId) -> None:
        for table in (RecoveryCode, Authenticator):
            await self._session.execute(delete(table).where(table.user_id == user_id))
