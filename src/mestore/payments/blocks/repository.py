"""Every query about the block list."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import FraudBlockId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.payments.models import BlockKind, FraudBlock


class BlockRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, kind: BlockKind | None, limit: int, cursor: str | None, *, count: bool) -> Slice[FraudBlock]:
        """The newest first: ids grow with time."""
        query = select(FraudBlock)
        if kind is not None:
            query = query.where(FraudBlock.kind == kind)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(FraudBlock.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(FraudBlock.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda block: (block.id,), total)

    async def add_once(self, **values: Any) -> FraudBlock | None:
        """The new block; None where it stands there already, by a unique index."""
        return await self._session.scalar(
            insert(FraudBlock)
            .values(**values)
            .on_conflict_do_nothing(index_elements=[FraudBlock.digest])
            .returning(FraudBlock)
        )

    async def id_of(self, digest: str) -> FraudBlockId | None:
        return await self._session.scalar(select(FraudBlock.id).where(FraudBlock.digest == digest))

    async def remove(self, block_id: FraudBlockId) -> bool:
        """Whether there was one."""
        removed = await self._session.scalar(
            delete(FraudBlock).where(FraudBlock.id == block_id).returning(FraudBlock.id)
        )
        return removed is not None
