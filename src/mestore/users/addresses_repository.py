"""Every query about addresses. Who changes a user's addresses locks the user first, so that one stays the default."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import UserId
from mestore.users.errors import NotSignedIn
from mestore.users.models import Address, User


class AddressRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def one_at_a_time(self, user_id: UserId) -> None:
        """Let no other transaction change this user's addresses until this one ends.

        Raises:
            NotSignedIn: the account was erased since its owner was recognised.
        """
        account = select(User.id).where(User.id == user_id, User.deleted_at.is_(None)).with_for_update()
        if await self._session.scalar(account) is None:
            raise NotSignedIn

    async def of_user(self, user_id: UserId) -> Sequence[Address]:
        """The default first, then the newest."""
        found = await self._session.scalars(
            select(Address).where(Address.user_id == user_id).order_by(Address.is_default.desc(), Address.id.desc())
        )
        return found.all()

    async def get(self, user_id: UserId, address_id: UUID) -> Address | None:
        return await self._session.scalar(select(Address).where(Address.user_id == user_id, Address.id == address_id))

    async def count(self, user_id: UserId) -> int:
        return await self._session.scalar(select(func.count()).where(Address.user_id == user_id)) or 0

    async def keep(self, address: Address) -> Address:
        self._session.add(address)
        await self._session.flush()
        await self._session.refresh(address)
        return address

    async def have_no_default(self, user_id: UserId) -> None:
        await self._session.execute(
            update(Address).where(Address.user_id == user_id, Address.is_default).values(is_default=False)
        )

    async def make_newest_default(self, user_id: UserId) -> None:
        newest = select(Address.id).where(Address.user_id == user_id).order_by(Address.id.desc()).limit(1)
        await self._session.execute(
            update(Address).where(Address.id == newest.scalar_subquery()).values(is_default=True)
        )

    async def remove(self, user_id: UserId, address_id: UUID) -> bool | None:
        """Whether it was the default; None when there was none."""
        return await self._session.scalar(
            delete(Address).where(Address.user_id == user_id, Address.id == address_id).returning(Address.is_default)
        )
