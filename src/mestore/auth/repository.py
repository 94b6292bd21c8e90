"""Every query about one-time codes, sessions and their refresh tokens. PostgreSQL's clock decides what has expired."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Row, case, exists, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.auth.device import Device
from mestore.auth.models import OtpCode, OtpPurpose, RefreshToken
from mestore.auth.one_time_codes import SALT_BYTES
from mestore.core.ids import SessionId, UserId, new_uuid
from mestore.users.models import User, UserSession

_NOW = func.clock_timestamp()
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Sends:
    """Codes of the last hour: how many, and seconds since the oldest and the newest of them."""

    count: int
    since_oldest: float
    since_newest: float | None


class OtpRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def one_at_a_time(self, user_id: UserId, purpose: OtpPurpose) -> None:
        """Let no other transaction make a code for this until this one ends."""
        name = f"otp\n{user_id}\n{purpose}"
        await self._session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})

    async def sends(self, user_id: UserId, purpose: OtpPurpose) -> Sends:
        row = (
            await self._session.execute(
                select(
                    func.count(),
                    func.extract("epoch", _NOW - func.min(OtpCode.created_at)),
                    func.extract("epoch", _NOW - func.max(OtpCode.created_at)),
                ).where(*_of(user_id, purpose), OtpCode.created_at > _NOW - _HOUR)
            )
        ).one()
        count, since_oldest, since_newest = row
        return Sends(count, float(since_oldest or 0), float(since_newest) if count else None)

    async def replace(self, user_id: UserId, purpose: OtpPurpose, code_hash: bytes, lifetime: timedelta) -> OtpCode:
        """A new code; the one before it works no longer."""
        await self._session.execute(
            update(OtpCode).where(*_of(user_id, purpose), *_usable()).values(invalidated_at=_NOW)
        )
        made = await self._session.execute(
            insert(OtpCode)
            .values(user_id=user_id, purpose=purpose, code_hash=code_hash, created_at=_NOW, expires_at=_NOW + lifetime)
            .returning(OtpCode)
        )
        return made.scalar_one()

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

    async def start(self, user_id: UserId, device: Device) -> SessionId:
        session_id = SessionId(new_uuid())
        await self._session.execute(
            insert(UserSession).values(id=session_id, user_id=user_id, ip=device.ip, user_agent=device.user_agent)
        )
        return session_id

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

    async def end(self, session_id: SessionId) -> None:
        await self._session.execute(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.revoked_at.is_(None))
            .values(revoked_at=_NOW)
        )


def _live_session() -> tuple[ColumnElement[bool], ...]:
    active = exists().where(User.id == UserSession.user_id, User.is_active, User.deleted_at.is_(None))
    return UserSession.revoked_at.is_(None), active
