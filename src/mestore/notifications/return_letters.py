"""What a shop and a buyer are told about goods that come back."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import UserId
from mestore.notifications.models import Notice
from mestore.notifications.repository import ReturnReader
from mestore.notifications.service import NotificationService
from mestore.orders.models import Order, OrderItem
from mestore.returns.events import ReturnMoved
from mestore.returns.models import Return
from mestore.returns.states import ReturnStatus

_TOLD = frozenset({ReturnStatus.REQUESTED, ReturnStatus.APPROVED, ReturnStatus.REFUSED, ReturnStatus.RECEIVED})


class ReturnLetters:
    def __init__(self, session: AsyncSession) -> None:
        self._returns = ReturnReader(session)
        self._notifications = NotificationService(session)

    async def moved(self, event: ReturnMoved) -> None:
        """Tell the shop what was asked for, and the buyer what became of it: once for each move."""
        move = await self._returns.move(event.move_id)
        status = ReturnStatus(move.to_status)
        if status not in _TOLD:
            return
        told, order, items = await self._returns.whole(event.return_id)
        context = _facts(told, order, items) | {"why": move.reason if status is ReturnStatus.REFUSED else ""}
        receiver: UserId = told.buyer_id
        if status is ReturnStatus.REQUESTED:
            receiver = await self._returns.owner(told.vendor_id)
        kind = f"return_{status.lower()}"
        await self._notifications.queue(Notice(f"{kind}:{move.id}", receiver, kind, context))


def _facts(told: Return, order: Order, items: list[tuple[OrderItem, int]]) -> dict[str, Any]:
    """Nothing that the buyer wrote: a shop reads that where it decides."""
    return {
        "order_number": order.order_number,
        "return_id": told.id,
        "items": [{"name": item.name, "sku": item.sku, "quantity": quantity} for item, quantity in items],
        "amount": str(told.refund_amount) if told.refund_amount is not None else None,
        "due_at": told.refund_due_at.isoformat(),
    }
