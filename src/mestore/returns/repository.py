"""Every query about returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from mestore.core.ids import OrderId, ReturnId, UserId, VendorId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.returns.errors import ReturnNotFound
from mestore.returns.models import Return, ReturnHistory, ReturnItem
from mestore.returns.states import ReturnStatus


@dataclass(frozen=True)
class Reader:
    """Whose returns are meant: a buyer's, a shop's, or, with neither, all."""

    buyer_id: UserId | None = None
    vendor_id: VendorId | None = None
    order_id: OrderId | None = None
    """Only those of this order."""

    def may_read(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.buyer_id is not None:
            conditions.append(Return.buyer_id == self.buyer_id)
        if self.vendor_id is not None:
            conditions.append(Return.vendor_id == self.vendor_id)
        if self.order_id is not None:
            conditions.append(Return.order_id == self.order_id)
        return conditions


class ReturnRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, *rows: Return | ReturnItem | ReturnHistory) -> None:
        self._session.add_all(rows)
        await self._session.flush()

    async def get(self, reader: Reader, return_id: ReturnId) -> Return:
        """With its items and history, as they are now.

        Raises:
            ReturnNotFound: this reader has none such.
        """
        found = (await self._session.scalars(_whole().where(Return.id == return_id, *reader.may_read()))).one_or_none()
        if found is None:
            raise ReturnNotFound
        return found

    async def of_order(self, order_id: OrderId) -> Sequence[Return]:
        return (await self._session.scalars(_whole().where(Return.order_id == order_id).order_by(Return.id))).all()

    async def page(
        self, reader: Reader, status: ReturnStatus | None, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Return]:
        """The newest first: ids grow with time."""
        conditions = reader.may_read()
        if status is not None:
            conditions.append(Return.status == status)
        total = await self._session.scalar(select(func.count(Return.id)).where(*conditions)) if count else None
        query = _whole().where(*conditions)
        if cursor is not None:
            query = query.where(Return.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Return.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda found: (found.id,), total)

    async def change(self, return_id: ReturnId, before: ReturnStatus, **values: Any) -> bool:
        """Whether it was still in the state that the caller saw."""
        changed = await self._session.scalar(
            update(Return)
            .where(Return.id == return_id, Return.status == before)
            .values(updated_at=func.now(), **values)
            .returning(Return.id)
            .execution_options(synchronize_session=False)
        )
        return changed is not None


def _whole() -> Select[Return]:
    loaded = selectinload(Return.items), selectinload(Return.history)
    return select(Return).options(*loaded).execution_options(populate_existing=True)
