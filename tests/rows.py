"""What stands in the database, read past the API."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import CursorResult, func, inspect, select, text

from mestore.core.database import Base, transaction
from mestore.core.world import World

Row = TypeVar("Row", bound=Base)


class Rows:
    def __init__(self, world: World) -> None:
        self._world = world

    async def all(self, table: type[Row]) -> Sequence[Row]:
        async with transaction(self._world.sessions) as session:
            return (await session.scalars(select(table).order_by(*inspect(table).primary_key))).all()

    async def count(self, table: type[Base]) -> int:
        async with transaction(self._world.sessions) as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def get(self, table: type[Row], key: Any) -> Row:
        async with transaction(self._world.sessions) as session:
            return await session.get_one(table, key)

    async def execute(self, statement: str, **values: Any) -> Sequence[Any]:
        """A statement of the test's own, committed."""
        async with transaction(self._world.sessions) as session:
            result = await session.execute(text(statement), values)
            return result.all() if isinstance(result, CursorResult) and result.returns_rows else []
