"""Units of an order's items that its buyer returns: asked for, let go again, and owed back. Each is one conditional
UPDATE, so of any number of requests for the last unit one gets it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import OrderItemId, PackageId
from mestore.orders.models import OrderItem


class ReturnedUnits:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def items_of(self, package_id: PackageId) -> Sequence[OrderItem]:
        """As they are now."""
        query = select(OrderItem).where(OrderItem.package_id == package_id).order_by(OrderItem.id)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).all()

    async def ask(self, units: Mapping[OrderItemId, int]) -> OrderItemId | None:
        """Take units for a return; the item that has not so many left, None when all have. The caller's transaction
        undoes the rest on a refusal.
        """
        for item_id, count in sorted(units.items()):
            after = OrderItem.returned_units + count
            if not await self._change(item_id, after <= OrderItem.quantity, returned_units=after):
                return item_id
        return None

    async def let_go(self, units: Mapping[OrderItemId, int]) -> None:
        """A return was refused: its units may be asked for again."""
        for item_id, count in sorted(units.items()):
            after = OrderItem.returned_units - count
            changed = await self._change(item_id, after >= OrderItem.refunded_units, returned_units=after)
            assert changed, "more units would be let go than were asked for"

    async def owe(self, units: Mapping[OrderItemId, int]) -> None:
        """A return was received: the price of its units is owed back."""
        for item_id, count in sorted(units.items()):
            after = OrderItem.refunded_units + count
            changed = await self._change(item_id, after <= OrderItem.returned_units, refunded_units=after)
            assert changed, "more units would be paid back than were returned"

    async def _change(self, item_id: OrderItemId, possible: ColumnElement[bool], **values: ColumnElement[int]) -> bool:
        changed = await self._session.scalar(
            update(OrderItem)
            .where(OrderItem.id == item_id, possible)
            .values(**values)
            .returning(OrderItem.id)
            .execution_options(synchronize_session=False)
        )
        return changed is not None
