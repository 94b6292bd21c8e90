"""Returns as buyers ask for them, and as everybody who has to do with them reads them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mestore.core.clock import COLOMBIA
from mestore.core.database import Session
from mestore.core.ids import OrderId, OrderItemId, ReturnId
from mestore.core.paging import Slice
from mestore.core.wiring import Clock, CurrentSettings
from mestore.core.working_days import end_of
from mestore.orders.models import Order, Package
from mestore.orders.returned_units import ReturnedUnits
from mestore.orders.service import OrderService
from mestore.orders.state_service import By
from mestore.orders.states import Actor, PackageStatus
from mestore.returns.errors import (
    IllegalReturnMove,
    ItemNotInOrder,
    ItemNotReturnable,
    PackageNotDelivered,
    ReturnPeriodOver,
    SeveralPackages,
    TooManyUnitsToReturn,
)
from mestore.returns.models import Return, ReturnItem
from mestore.returns.moves import ReturnMoves
from mestore.returns.repository import Reader, ReturnRepository
from mestore.returns.schemas import ReturnIn, ReturnShipmentIn
from mestore.returns.states import SENDABLE, ReturnStatus
from mestore.users.models import User
from mestore.users.service import UserService
from mestore.vendors.service import VendorService


@dataclass(frozen=True)
class OrderReturns:
    order_id: OrderId
    returns: Sequence[Return]


class ReturnService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._now = now
        self._time_to_pay = timedelta(days=settings.orders.refund_days)
        self._orders = OrderService(session, settings, now)
        self._users = UserService(session, settings, now)
        self._vendors = VendorService(session)
        self._units = ReturnedUnits(session)
        self._returns = ReturnRepository(session)
        self._moves = ReturnMoves(session)

    async def request(self, buyer: User, order_id: OrderId, wanted: ReturnIn) -> Return:
        """Ask to return units of one delivered package, while retracto runs.

        Raises:
            NotSignedIn: the account was closed meanwhile.
            OrderNotFound: absent, or somebody else's.
            ItemNotInOrder, SeveralPackages: the items are not of one package of this order.
            PackageNotDelivered, ReturnPeriodOver: it is too early, or too late.
            ItemNotReturnable: retracto does not apply to an item.
            TooManyUnitsToReturn: they are not left, or another return has them.
        """
        await self._users.keep_open(buyer.id)
        await self._orders.locked_of_buyer(buyer.id, order_id)
        order = await self._orders.of_buyer(buyer.id, order_id)
        units = _units_by_item(wanted)
        package = _package_of(order, units)
        if package.status is not PackageStatus.DELIVERED or package.returnable_until is None:
            raise PackageNotDelivered(package.status)
        if self._now() > package.returnable_until:
            raise ReturnPeriodOver(package.returnable_until)
        for item in order.items:
            if item.id in units and item.return_excluded_reason is not None:
                raise ItemNotReturnable(item.id, item.return_excluded_reason)
        short = await self._units.ask(units)
        if short is not None:
            raise TooManyUnitsToReturn(short)
        request = Return(
            order_id=order.id,
            package_id=package.id,
            buyer_id=buyer.id,
            vendor_id=package.vendor_id,
            status=ReturnStatus.REQUESTED,
            reason=wanted.reason,
            refund_due_at=end_of(self._now().astimezone(COLOMBIA).date() + self._time_to_pay),
            items=[ReturnItem(order_item_id=item_id, quantity=count) for item_id, count in units.items()],
        )
        await self._moves.write(request, By(Actor.BUYER, buyer.id, "retracto"))
        return await self._returns.get(Reader(), request.id)

    async def ship(self, buyer: User, order_id: OrderId, return_id: ReturnId, sent: ReturnShipmentIn) -> Return:
        """Say with which carrier the goods come back. Said again while they are on their way, it corrects the number.

        Raises:
            OrderNotFound, ReturnNotFound
            IllegalReturnMove: it is not approved, or has arrived.
        """
        await self._orders.locked_of_buyer(buyer.id, order_id)
        reader = Reader(buyer_id=buyer.id, order_id=order_id)
        found = await self._returns.get(reader, return_id)
        if found.status not in SENDABLE:
            raise IllegalReturnMove(found.status, ReturnStatus.IN_TRANSIT)
        guide = {"carrier": sent.carrier, "guide_number": sent.guide_number}
        if found.status is ReturnStatus.IN_TRANSIT:
            await self._returns.change(found.id, found.status, **guide)
        else:
            by = By(Actor.BUYER, buyer.id, f"{sent.carrier} {sent.guide_number}")
            await self._moves.move(found, ReturnStatus.IN_TRANSIT, by, **guide)
        return await self._returns.get(reader, return_id)

    async def of_order(self, buyer: User, order_id: OrderId) -> OrderReturns:
        """Raises:
        OrderNotFound: absent, or somebody else's.
        """
        order = await self._orders.of_buyer(buyer.id, order_id)
        return OrderReturns(order.id, await self._returns.of_order(order.id))

    async def page_of_vendor(
        self, user: User, status: ReturnStatus | None, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Return]:
        """What comes back to the caller's shop, the newest first.

        Raises:
            VendorNotFound: the caller has no shop.
            BadCursor: the cursor is not one of ours.
        """
        return await self._returns.page(await self._shop_of(user), status, limit, cursor, count=count)

    async def page(self, status: ReturnStatus | None, limit: int, cursor: str | None, *, count: bool) -> Slice[Return]:
        """Everybody's, the newest first.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        return await self._returns.page(Reader(), status, limit, cursor, count=count)

    async def of_vendor(self, user: User, return_id: ReturnId) -> Return:
        """Raises:
        VendorNotFound: the caller has no shop.
        ReturnNotFound: none such comes back to it.
        """
        return await self._returns.get(await self._shop_of(user), return_id)

    async def get(self, return_id: ReturnId) -> Return:
        """Raises:
        ReturnNotFound: there is none such.
        """
        return await self._returns.get(Reader(), return_id)

    async def _shop_of(self, user: User) -> Reader:
        return Reader(vendor_id=(await self._vendors.of_user(user.id)).id)


def _units_by_item(wanted: ReturnIn) -> dict[OrderItemId, int]:
    """An item that is named twice counts together."""
    units: Counter[OrderItemId] = Counter()
    for item in wanted.items:
        units[OrderItemId(item.item_id)] += item.quantity
    return dict(units)


def _package_of(order: Order, units: dict[OrderItemId, int]) -> Package:
    package_ids = {item.id: item.package_id for item in order.items}
    for item_id in units:
        if item_id not in package_ids:
            raise ItemNotInOrder(item_id)
    wanted = {package_ids[item_id] for item_id in units}
    if len(wanted) > 1:
        raise SeveralPackages
    return next(package for package in order.packages if package.id in wanted)
