"""What buyers and vendors are told about an order.

Its buyer hears of each package that leaves, arrives or is called off; an order that is cancelled as a whole is one
letter, and none for its packages.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.clock import COLOMBIA
from mestore.core.ids import OrderId, PackageId
from mestore.core.market_settings import OrderSettings
from mestore.core.money import Money
from mestore.notifications.models import Notice
from mestore.notifications.orders_told import OrderReader, OrderTold, PackageTold
from mestore.notifications.service import NotificationService
from mestore.orders.events import RefundMade
from mestore.orders.states import OrderStatus


class OrderLetters:
    def __init__(self, session: AsyncSession, settings: OrderSettings) -> None:
        self._orders = OrderReader(session)
        self._notifications = NotificationService(session)
        self._settings = settings

    async def placed(self, order_id: OrderId) -> None:
        """Tell the buyer what is held, and until when."""
        order = await self._orders.order(order_id)
        context = _facts(order) | {
            "items": order.lines,
            **order.amounts,
            "total": order.total,
            "expires_at": order.expires_at.isoformat(),
        }
        await self._tell_buyer(order, f"order_placed:{order_id}", "order_placed", context)

    async def confirmed(self, order_id: OrderId) -> None:
        """Tell the buyer, and each vendor of its own package only."""
        order = await self._orders.order(order_id)
        buyer_context = _facts(order) | {
            "items": order.lines,
            **order.amounts,
            "total": order.total,
            "address": order.shipping_info["address"],
        }
        fact = f"order_confirmed:{order_id}"
        await self._notifications.queue(
            Notice(fact, order.buyer_id, "order_confirmed_buyer", buyer_context),
            *_to_vendors(fact, "order_confirmed_vendor", order, await self._orders.packages(order.id)),
        )

    async def shipped(self, order_id: OrderId, package_id: PackageId) -> None:
        """Tell the buyer who carries a package, under which number, and where to follow it."""
        order, part = await self._part(order_id, package_id)
        context = _of_buyer(order, part) | {
            "carrier": part.carrier,
            "guide_number": part.guide_number,
            "promised_by": _noon(part.promised_by),
            "link": f"{self._settings.tracking_url}/{order.order_number}",
        }
        await self._tell_buyer(order, f"package_shipped:{package_id}", "package_shipped", context)

    async def delivered(self, order_id: OrderId, package_id: PackageId) -> None:
        """Tell the buyer until when what arrived may be returned."""
        order, part = await self._part(order_id, package_id)
        assert part.returnable_until is not None
        context = _of_buyer(order, part) | {"returnable_until": part.returnable_until.isoformat()}
        await self._tell_buyer(order, f"package_delivered:{package_id}", "package_delivered", context)

    async def cancelled(self, order_id: OrderId) -> None:
        """Tell the buyer, and, of an order that was paid, each vendor: of its own package only.

        Of an order that has come back meanwhile there is nothing to tell.
        """
        order = await self._orders.order(order_id)
        if order.status is not OrderStatus.CANCELLED:
            return
        parts = await self._orders.packages(order.id)
        paid = any(part.confirmed_at is not None for part in parts)
        # One that came back with late money may be cancelled once more, and that is another fact.
        fact = f"order_cancelled:{order_id}:paid" if paid else f"order_cancelled:{order_id}"
        context = _facts(order) | {"items": order.lines, "total": order.total, "paid": paid}
        await self._notifications.queue(
            Notice(fact, order.buyer_id, "order_cancelled_buyer", context),
            *_to_vendors(fact, "order_cancelled_vendor", order, parts if paid else ()),
        )

    async def package_cancelled(self, order_id: OrderId, package_id: PackageId) -> None:
        """Tell the buyer that one part does not come; of an order of which nothing comes, its own letter tells it."""
        order, part = await self._part(order_id, package_id)
        if order.status is OrderStatus.CANCELLED:
            return
        context = _of_buyer(order, part) | {"total": part.total}
        await self._tell_buyer(order, f"package_cancelled:{package_id}", "package_cancelled", context)

    async def refunded(self, made: RefundMade) -> None:
        """Tell the buyer how much went back, unless it was all told before."""
        if not Money(made.amount):
            return
        order = await self._orders.order(made.order_id)
        await self._tell_buyer(
            order, f"refund_made:{made.cause}", "refund_made", _facts(order) | {"amount": made.amount}
        )

    async def _part(self, order_id: OrderId, package_id: PackageId) -> tuple[OrderTold, PackageTold]:
        order = await self._orders.order(order_id)
        parts = await self._orders.packages(order.id)
        return order, next(part for part in parts if part.id == package_id)

    async def _tell_buyer(self, order: OrderTold, fact: str, template: str, context: dict[str, Any]) -> None:
        await self._notifications.queue(Notice(fact, order.buyer_id, template, context))


def _of_buyer(order: OrderTold, part: PackageTold) -> dict[str, Any]:
    return _facts(order) | {"business_name": part.business_name, "items": part.lines}


def _noon(day: date) -> str:
    """A moment of this day in Colombia."""
    return datetime.combine(day, time(12), COLOMBIA).isoformat()


def _to_vendors(fact: str, template: str, order: OrderTold, parts: Sequence[PackageTold]) -> list[Notice]:
    """Of its own package each."""
    return [Notice(f"{fact}:{part.id}", part.vendor_user_id, template, _of_vendor(order, part)) for part in parts]


def _of_vendor(order: OrderTold, part: PackageTold) -> dict[str, Any]:
    return _facts(order) | {
        "business_name": part.business_name,
        "package_id": part.id,
        "items": part.lines,
        **part.amounts,
        "total": part.total,
    }


def _facts(order: OrderTold) -> dict[str, Any]:
    return {
        "order_number": order.order_number,
        "ordered_at": order.created_at.isoformat(),
        "receiver": order.shipping_info["name"],
        "city": order.shipping_info["city"],
        "department": order.shipping_info["department"],
    }
