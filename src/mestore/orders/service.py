"""Orders: placed by buyers, and moved along their states by everybody else through one method."""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from mestore.catalog.stock import StockService
from mestore.core.clock import COLOMBIA
from mestore.core.database import Session
from mestore.core.failpoints import failpoint
from mestore.core.ids import OrderId, ProductId, UserId
from mestore.core.jobs import publish
from mestore.core.paging import Slice
from mestore.core.wiring import Clock, CurrentSettings
from mestore.orders.errors import IllegalMove, OrderNotFound, TooManyUnits
from mestore.orders.events import OrderCancelled, OrderConfirmed, OrderPlaced
from mestore.orders.models import Order, OrderHistory, OrderItem, Package
from mestore.orders.repository import OrderRepository, from_now
from mestore.orders.schemas import OrderIn
from mestore.orders.states import NEXT, Actor, OrderStatus
from mestore.orders.totals import VendorPackage, order_totals, packages_of

_NO_LOOK_ALIKES = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_MOST_UNITS = 999


class OrderService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._orders = OrderRepository(session)
        self._stock = StockService(session)
        self._settings = settings.orders
        self._now = now

    async def place(self, buyer_id: UserId, wanted: OrderIn) -> Order:
        """Reserve the stock and write the order with its packages: all of it or nothing.

        Raises:
            TooManyUnits: lines of one product add up to more than one order takes.
            ProductUnavailable, OutOfStock: see `StockService.reserve`.
        """
        reserved = await self._stock.reserve(_units_by_product(wanted))
        packages = packages_of(reserved, self._settings)
        totals = order_totals(packages)
        order = Order(
            order_number=self._order_number(),
            buyer_id=buyer_id,
            status=OrderStatus.PENDING,
            subtotal=totals.subtotal,
            discount=totals.discount,
            iva_amount=totals.iva_amount,
            shipping_cost=totals.shipping_cost,
            total_amount=totals.total_amount,
            shipping_info=wanted.shipping_info.model_dump(),
            expires_at=from_now(timedelta(minutes=self._settings.hold_minutes)),
        )
        await self._orders.add(order)
        rows = [_package_row(order.id, package) for package in packages]
        await self._orders.add_all(rows)
        await self._orders.add_all(
            [item for row, package in zip(rows, packages, strict=True) for item in _item_rows(row, package)]
        )
        await self._stock.hold(order.id, reserved)
        await self._orders.add(_history(order, None, OrderStatus.PENDING, Actor.BUYER, buyer_id, "placed"))
        await publish(self._session, OrderPlaced(order.id))
        return await self._orders.of_buyer(buyer_id, order.id)

    async def of_buyer(self, buyer_id: UserId, order_id: OrderId) -> Order:
        return await self._orders.of_buyer(buyer_id, order_id)

    async def locked_of_buyer(self, buyer_id: UserId, order_id: OrderId) -> Order:
        """The buyer's order, its row held until the transaction ends."""
        order = await self._orders.locked(order_id)
        if order.buyer_id != buyer_id:
            raise OrderNotFound
        return order

    async def page_of_buyer(self, buyer_id: UserId, limit: int, cursor: str | None, *, count: bool) -> Slice[Order]:
        return await self._orders.page_of_buyer(buyer_id, limit, cursor, count=count)

    def _order_number(self) -> str:
        day = self._now().astimezone(COLOMBIA).strftime("%Y%m%d")
        return f"ORD-{day}-{''.join(secrets.choice(_NO_LOOK_ALIKES) for _ in range(8))}"


class OrderStateService:
    """The one place where an order's status changes: along its table, with a history row and an event."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._orders = OrderRepository(session)
        self._stock = StockService(session)

    async def locked(self, order_id: OrderId) -> Order:
        """The order, its row held until the transaction ends."""
        return await self._orders.locked(order_id)

    async def confirm(self, order: Order, reason: str) -> None:
        """The order was paid: its holds become a sale. Its row is locked by the caller.

        Raises:
            IllegalMove: it is not waiting for payment.
        """
        if not await self._move(order, OrderStatus.CONFIRMED, Actor.SYSTEM, None, reason):
            return
        failpoint("applying")
        await self._stock.sell(order.id)
        failpoint("applying")
        await publish(self._session, OrderConfirmed(order.id))
        failpoint("applying")

    async def cancel(self, order: Order, actor: Actor, user_id: UserId | None, reason: str) -> None:
        """Give an unpaid order's stock back. Its row is locked by the caller.

        Raises:
            IllegalMove: it can no longer be cancelled.
        """
        if not await self._move(order, OrderStatus.CANCELLED, actor, user_id, reason):
            return
        await self._stock.release(order.id)
        await publish(self._session, OrderCancelled(order.id))

    async def keep_until(self, order: Order, wait: timedelta) -> None:
        """Prolong the hold of an order whose payment takes longer; it is never made shorter."""
        await self._orders.prolong(order.id, wait)

    async def hold_is_over(self, order_id: OrderId) -> bool:
        """Whether the time to pay has passed, by PostgreSQL's clock."""
        return await self._orders.hold_is_over(order_id)

    async def expire_one(self) -> bool:
        """Cancel one unpaid order whose hold is over; whether there was one."""
        order = await self._orders.one_expired()
        if order is None:
            return False
        await self.cancel(order, Actor.SYSTEM, None, "not paid in time")
        return True

    async def _move(self, order: Order, to: OrderStatus, actor: Actor, user_id: UserId | None, reason: str) -> bool:
        """Moving an order where it already is changes nothing: messages repeat. Tells whether it moved."""
        before = order.status
        if before == to:
            return False
        if to not in NEXT[before]:
            raise IllegalMove(before, to)
        order.status = to
        await self._orders.add(_history(order, before, to, actor, user_id, reason))
        return True


def _units_by_product(wanted: OrderIn) -> dict[ProductId, int]:
    """Lines of the same product count together, before anything is checked."""
    units: Counter[ProductId] = Counter()
    for item in wanted.items:
        units[ProductId(item.product_id)] += item.quantity
    if max(units.values()) > _MOST_UNITS:
        raise TooManyUnits
    return dict(units)


def _package_row(order_id: OrderId, package: VendorPackage) -> Package:
    totals = package.totals
    return Package(
        order_id=order_id,
        vendor_id=package.vendor_id,
        subtotal=totals.subtotal,
        discount=totals.discount,
        iva_amount=totals.iva_amount,
        shipping_cost=totals.shipping_cost,
        total=totals.total_amount,
    )


def _item_rows(row: Package, package: VendorPackage) -> Sequence[OrderItem]:
    return [
        OrderItem(
            order_id=row.order_id,
            package_id=row.id,
            product_id=line.product.product_id,
            vendor_id=line.product.vendor_id,
            name=line.product.name,
            sku=line.product.sku,
            quantity=line.product.quantity,
            unit_price=line.product.unit_price,
            discount=line.discount,
            iva_class=line.product.iva_class,
            iva_rate=line.product.iva_class.rate,
            iva_amount=line.iva_amount,
            total_price=line.total_price,
        )
        for line in package.lines
    ]


def _history(
    order: Order, before: OrderStatus | None, to: OrderStatus, actor: Actor, user_id: UserId | None, reason: str
) -> OrderHistory:
    return OrderHistory(
        order_id=order.id, from_status=before, to_status=to, actor=actor, user_id=user_id, reason=reason
    )
