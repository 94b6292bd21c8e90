"""What buyers and vendors are told about an order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import OrderId
from mestore.notifications.repository import OrderReader, PackageToTell
from mestore.notifications.service import Notice, NotificationService
from mestore.orders.models import Order, OrderItem, Package


class OrderLetters:
    def __init__(self, session: AsyncSession) -> None:
        self._orders = OrderReader(session)
        self._notifications = NotificationService(session)

    async def confirmed(self, order_id: OrderId) -> None:
        """Tell the buyer, and each vendor of its own package only."""
        order = await self._orders.order(order_id)
        buyer_context = _facts(order) | {
            "items": _lines(order.items),
            **_amounts(order),
            "total": str(order.total_amount),
            "address": order.shipping_info["address"],
        }
        fact = f"order_confirmed:{order_id}"
        await self._notifications.queue(Notice(fact, order.buyer_id, "order_confirmed_buyer", buyer_context))
        for part in await self._orders.packages(order):
            await self._notifications.queue(
                Notice(
                    f"{fact}:{part.package.id}", part.vendor.user_id, "order_confirmed_vendor", _of_vendor(order, part)
                )
            )


def _of_vendor(order: Order, part: PackageToTell) -> dict[str, Any]:
    return _facts(order) | {
        "business_name": part.vendor.business_name,
        "package_id": part.package.id,
        "items": _lines(part.items),
        **_amounts(part.package),
        "total": str(part.package.total),
    }


def _facts(order: Order) -> dict[str, Any]:
    return {
        "order_number": order.order_number,
        "ordered_at": order.created_at.isoformat(),
        "receiver": order.shipping_info["name"],
        "city": order.shipping_info["city"],
        "department": order.shipping_info["department"],
    }


def _lines(items: Sequence[OrderItem]) -> list[dict[str, Any]]:
    return [
        {"name": item.name, "sku": item.sku, "quantity": item.quantity, "total": str(item.total_price)}
        for item in items
    ]


def _amounts(of: Order | Package) -> dict[str, str]:
    return {name: str(getattr(of, name)) for name in ("subtotal", "discount", "iva_amount", "shipping_cost")}
