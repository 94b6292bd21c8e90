"""Every query about users and their sessions."""

from typing import Any

from sqlalchemy import Row, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch
from mestore.core.ids import SessionId, UserId
from mestore.users.errors import UserNotFound
from mestore.users.models import Consent, User, UserSession


def live() -> Select[User]:
    return select(User).where(User.deleted_at.is_(None))


# Asked by every request of somebody who is signed in: it is built once.
_SIGNED_IN = (
    live()
    .add_columns(UserSession.second_factor)
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        User.id == bindparam("user_id"),
        User.is_active,
        UserSession.id == bindparam("session_id"),
        UserSession.revoked_at.is_(None),
    )
)
_KEEP_OPEN = "SELECT FROM users WHERE id = $1 AND is_active AND deleted_at IS NULL FOR KEY SHARE"


class UserRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def signed_in(self, user_id: UserId, session_id: SessionId) -> Row[User, bool] | None:
        """The active user of a session that was not ended, and whether it showed a second factor.

        Read at each request, so that a change acts at once.
        """
        found = await self._session.execute(_SIGNED_IN, {"user_id": user_id, "session_id": session_id})
        return found.one_or_none()

    async def by_id(self, user_id: UserId) -> User:
        user = await self._session.scalar(live().where(User.id == user_id))
        if user is None:
            raise UserNotFound
        return user

    async def keep_open(self, user_id: UserId) -> bool:
        """Whether the account is open; then it can't be erased until this transaction ends."""
        return bool(await fetch(self._session, _KEEP_OPEN, user_id))

    async def by_email(self, email_key: str) -> User | None:
        return await self._session.scalar(live().where(User.email_key == email_key))

    async def add(self, user: User) -> bool:
        """Whether it was added: an address that is taken adds nothing, also when two come at once."""
        values = {
            column.key: getattr(user, column.key)
            for column in User.__mapper__.column_attrs
            if getattr(user, column.key) is not None
        }
        added = await self._session.scalar(
            insert(User).values(**values).on_conflict_do_nothing(index_elements=[User.email_key]).returning(User.id)
        )
        return added is not None

    async def add_consent(self, user_id: UserId, text_version: str, ip: str | None) -> None:
        self._session.add(Consent(user_id=user_id, text_version=text_version, ip=ip))
        await self._session.flush()

    async def change(self, user_id: UserId, **values: Any) -> User:
        user = await self._session.scalar(
            update(User)
            .where(User.id == user_id, User.deleted_at.is_(None))
            .values(**values)
            .returning(User)
            .execution_options(populate_existing=True)
        )
        if user is None:
            raise UserNotFound
        return user

    async def replace_password(self, user: User, password_hash: str) -> bool:
        """Whether the password was still the one that `user` was read with, and the account still open."""
        changed = await self._session.scalar(
            update(User)
            .where(User.id == user.id, User.password_hash == user.password_hash, User.is_active)
            .where(User.deleted_at.is_(None))
            .values(password_hash=password_hash)
            .returning(User.id)
        )
        return changed is not None
