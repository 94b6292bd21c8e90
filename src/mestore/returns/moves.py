"""The one place where a return changes its state: along the table, with history and an event.

The row of its order is locked by the caller before anything here is called.
"""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.jobs import publish
from mestore.orders.state_service import By
from mestore.returns.errors import IllegalReturnMove
from mestore.returns.events import ReturnMoved
from mestore.returns.models import Return, ReturnHistory
from mestore.returns.repository import ReturnRepository
from mestore.returns.states import NEXT, ReturnStatus


class ReturnMoves:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._returns = ReturnRepository(session)

    async def write(self, request: Return, by: By) -> None:
        """Write a return that was asked for."""
        await self._returns.add(request)
        await self._tell(request, None, request.status, by)

    async def move(self, moved: Return, to: ReturnStatus, by: By, **values: Any) -> None:
        """Raises:
        IllegalReturnMove: it does not go there from where it is.
        """
        before = moved.status
        if to not in NEXT[before] or not await self._returns.change(moved.id, before, status=to, **values):
            raise IllegalReturnMove(before, to)
        await self._tell(moved, before, to, by)

    async def _tell(self, moved: Return, before: ReturnStatus | None, to: ReturnStatus, by: By) -> None:
        move = ReturnHistory(
            return_id=moved.id,
            from_status=before,
            to_status=to,
            actor=by.actor,
            user_id=by.user_id,
            reason=by.reason,
        )
        await self._returns.add(move)
        await publish(self._session, ReturnMoved(moved.id, move.id))
