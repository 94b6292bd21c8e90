"""What letters tell of an order, as it is when the letter is written. Amounts are COP, as text with two decimals."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch
from mestore.core.ids import OrderId, PackageId, UserId
from mestore.orders.states import OrderStatus

_AMOUNTS = """
    json_build_object('subtotal', {0}.subtotal::text, 'discount', {0}.discount::text,
        'iva_amount', {0}.iva_amount::text, 'shipping_cost', {0}.shipping_cost::text) AS amounts"""
_LINES = """
    (SELECT json_agg(json_build_object('name', name, 'sku', sku, 'quantity', quantity, 'total', total_price::text)
        ORDER BY id) FROM order_items WHERE {0}) AS lines"""
_ORDER = f"""
    SELECT o.id, o.order_number, o.buyer_id, o.status, {_AMOUNTS.format("o")}, o.total_amount::text AS total,
        o.shipping_info, o.expires_at, o.created_at, {_LINES.format("order_id = o.id")}
    FROM orders o WHERE o.id = $1
"""  # noqa: S608 - the parts are constants of this module
_PACKAGES = f"""
    SELECT p.id, v.user_id AS vendor_user_id, v.business_name, {_AMOUNTS.format("p")}, p.total::text AS total,
        p.carrier, p.guide_number, p.promised_by, p.confirmed_at, p.returnable_until,
        {_LINES.format("package_id = p.id")}
    FROM packages p JOIN vendors v ON v.id = p.vendor_id WHERE p.order_id = $1 ORDER BY p.id
"""  # noqa: S608


@dataclass(frozen=True)
class OrderTold:
    id: OrderId
    order_number: str
    buyer_id: UserId
    status: OrderStatus
    amounts: dict[str, str]
    total: str
    shipping_info: dict[str, str]
    expires_at: datetime
    created_at: datetime
    lines: list[dict[str, Any]]


@dataclass(frozen=True)
class PackageTold:
    id: PackageId
    vendor_user_id: UserId
    business_name: str
    amounts: dict[str, str]
    total: str
    carrier: str | None
    guide_number: str | None
    promised_by: date
    confirmed_at: datetime | None
    returnable_until: datetime | None
    lines: list[dict[str, Any]]


class OrderReader:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def order(self, order_id: OrderId) -> OrderTold:
        (row,) = await fetch(self._session, _ORDER, order_id)
        return OrderTold(**{**row, "status": OrderStatus(row["status"])})

    async def packages(self, order_id: OrderId) -> list[PackageTold]:
        """One for each vendor of the order."""
        return [PackageTold(**row) for row in await fetch(self._session, _PACKAGES, order_id)]
