"""Every query about users and their sessions."""

from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch
from mestore.core.ids import SessionId, UserId
from mestore.users.errors import UserNotFound
from mestore.users.models import Consent, User, UserType


def live() -> Select[User]:
    return select(User).where(User.deleted_at.is_(None))


_SIGNED_IN = f"""
    SELECT {", ".join(f"u.{column.name}" for column in User.__table__.columns)}, s.second_factor
    FROM users u JOIN user_sessions s ON s.user_id = u.id
    WHERE u.id = $1 AND u.is_active AND u.deleted_at IS NULL AND s.id = $2 AND s.revoked_at IS NULL
"""  # noqa: S608 - the part is the table's own columns
OPEN_ACCOUNT = "SELECT id FROM users WHERE id = $1 AND is_active AND deleted_at IS NULL FOR KEY SHARE"


class UserRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def signed_in(self, user_id: UserId, session_id: SessionId) -> tuple[User, bool] | None:
        """The active user of a session that was not ended, and whether it showed a second factor.

        Read at each request, so that a change acts at once. The user is a copy: a change of it is not stored.
        """
        found = await fetch(self._session, _SIGNED_IN, user_id, session_id)
        if not found:
            return None
        columns = dict(found[0])
        second_factor = columns.pop("second_factor")
        columns["user_type"] = UserType(columns["user_type"])
        return User(**columns), second_factor

    async def by_id(self, user_id: UserId) -> User:
        user = await self._session.scalar(live().where(User.id == user_id))
        if user is None:
            raise UserNotFound
        return user

    async def keep_open(self, user_id: UserId) -> bool:
        """Whether the account is open; then it can't be erased until this transaction ends."""
        return bool(await fetch(self._session, OPEN_ACCOUNT, user_id))

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
