"""Stock: what open orders hold, what becomes a sale and what is given back.

Each change of a product's figures is one conditional UPDATE, in id order: of any number of buyers at once exactly as
many succeed as there are units, and no two orders wait for each other in a circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mestore.catalog.errors import OutOfStock, ProductUnavailable
from mestore.catalog.models import HoldState, IvaClass
from mestore.catalog.repository import StockRepository
from mestore.core.database import Session
from mestore.core.ids import OrderId, ProductId, VendorId
from mestore.core.money import Money


@dataclass(frozen=True)
class Reserved:
    """A product as it was when units of it were put on hold: what an order freezes."""

    product_id: ProductId
    vendor_id: VendorId
    name: str
    sku: str
    unit_price: Money
    iva_class: IvaClass
    quantity: int


class StockService:
    def __init__(self, session: Session) -> None:
        self._stock = StockRepository(session)

    async def reserve(self, wanted: Mapping[ProductId, int]) -> list[Reserved]:
        """Put units on hold for an order that is about to be written; the caller's transaction undoes it on a refusal.

        Raises:
            ProductUnavailable: absent, not approved, deleted, or its vendor may not sell now.
            OutOfStock: `get_stock_disponible()` is less than what is wanted.
        """
        reserved = [
            Reserved(
                row.id,
                row.vendedor_id,
                row.name,
                row.sku,
                Money(row.precio_venta),
                IvaClass(row.iva_class),
                row.quantity,
            )
            for row in await self._stock.reserve(wanted)
        ]
        if len(reserved) < len(wanted):
            missing = min(wanted.keys() - {each.product_id for each in reserved})
            available = await self._stock.available(missing)
            raise ProductUnavailable(missing) if available is None else OutOfStock(missing, available)
        return sorted(reserved, key=lambda each: each.product_id)

    async def hold(self, order_id: OrderId, reserved: Sequence[Reserved]) -> None:
        """Write down whose units those are."""
        await self._stock.add_holds(order_id, {each.product_id: each.quantity for each in reserved})

    async def sell(self, order_id: OrderId) -> bool:
        """Turn an order's open holds into a sale; false when it has none."""
        return await self._stock.close_holds(order_id, HoldState.SOLD)

    async def release(self, order_id: OrderId) -> bool:
        """Give an order's open holds back; false when it has none."""
        return await self._stock.close_holds(order_id, HoldState.RELEASED)
