"""Stock: what open orders hold, what becomes a sale and what is given back.

Each change of a product's figures is one conditional UPDATE, in id order: of any number of buyers at once exactly as
many succeed as there are units, and no two orders wait for each other in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mestore.catalog.errors import OutOfStock, ProductUnavailable
from mestore.catalog.models import HoldState, IvaClass
from mestore.catalog.repository import StockRepository
from mestore.core.database import Session
from mestore.core.freshness import CATALOGUE, changed, product_tag
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
    weight_kg: Decimal
    """Of one unit."""
    return_excluded_reason: str | None
    """Why retracto does not apply to it, where it does not."""


class StockService:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._stock = StockRepository(session)

    async def reserve(self, wanted: Mapping[ProductId, int]) -> list[Reserved]:
        """Put units on hold for an order that is about to be written; the caller's transaction undoes it on a refusal.

        Raises:
            ProductUnavailable: absent, not approved, deleted, or its vendor may not sell now.
            OutOfStock: `get_stock_disponible()` is less than what is wanted.
        """
        reserved = [
            Reserved(
                row["id"],
                row["vendedor_id"],
                row["name"],
                row["sku"],
                Money(row["precio_venta"]),
                IvaClass(row["iva_class"]),
                row["quantity"],
                row["weight_kg"],
                row["withdrawal_excluded_reason"],
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
        self._tell(each.product_id for each in reserved)
        await self._stock.add_holds(order_id, {each.product_id: each.quantity for each in reserved})

    async def sell(self, order_id: OrderId) -> bool:
        """Turn an order's open holds into a sale; false when it has none."""
        return await self._close(order_id, HoldState.SOLD)

    async def release(self, order_id: OrderId) -> bool:
        """Give an order's open holds back; false when it has none."""
        return await self._close(order_id, HoldState.RELEASED)

    async def hold_again(self, order_id: OrderId) -> bool:
        """Put on hold once more what an order had given back: all of it, or nothing where too little of one is left.

        Whether the products are still for sale is not asked: the order was placed when they were.
        """
        products = await self._stock.hold_again(order_id)
        self._tell(products)
        return bool(products)

    async def give_back(self, order_id: OrderId, units: Mapping[ProductId, int], reason: str) -> None:
        """Put sold units of an order back into stock; its row is locked by the caller, who sees to it that it is once.

        More than was sold can't come back: that would be a defect of the caller's, and nothing changes.
        """
        self._tell(units)
        given_back = await self._stock.give_back(order_id, units, reason)
        assert set(given_back) == set(units), "more units would come back than were sold"

    async def _close(self, order_id: OrderId, state: HoldState) -> bool:
        products = await self._stock.close_holds(order_id, state)
        self._tell(products)
        return bool(products)

    def _tell(self, product_ids: Iterable[ProductId]) -> None:
        tags = [product_tag(product_id) for product_id in product_ids]
        if tags:
            changed(self._session, CATALOGUE, *tags)
