"""Whose a phone number is: of two accounts with one number, the one that last showed to have it."""

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import UserId
from mestore.users.models import User


class PhoneBook:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def holder(self, phone: str) -> User | None:
        """The active account that verified this number (in E.164)."""
        return await self._session.scalar(
            select(User).where(User.phone == phone, User.phone_verified, User.is_active, User.deleted_at.is_(None))
        )

    async def verify(self, user_id: UserId, phone: str) -> User | None:
        """Note that this user has this number, and that no other has it any more: carriers give numbers out again.

        None when the user's number is another by now.
        """
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        await self._session.execute(lock, {"name": f"phone\n{phone}"})
        await self._session.execute(
            update(User)
            .where(User.phone == phone, User.phone_verified, User.id != user_id)
            .values(phone_verified=False)
        )
        return await self._session.scalar(
            update(User)
            .where(User.id == user_id, User.phone == phone, User.deleted_at.is_(None))
            .values(phone_verified=True)
            .returning(User)
            .execution_options(populate_existing=True)
        )
