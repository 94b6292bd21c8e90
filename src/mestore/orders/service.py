"""Orders as their buyers use them: placed and read."""

from collections import Counter
from datetime import timedelta

from mestore.catalog.stock import StockService
from mestore.core.database import Session
from mestore.core.ids import OrderId, ProductId, UserId
from mestore.core.jobs import publish
from mestore.core.money import Money
from mestore.core.numbers import dated_number
from mestore.core.paging import Slice
from mestore.core.wiring import Clock, CurrentSettings
from mestore.orders.errors import MunicipalityUnknown, OrderNotFound, TooManyUnits, TotalChanged
from mestore.orders.events import OrderPlaced
from mestore.orders.models import Order
from mestore.orders.placing_repository import NewOrder, PlacingRepository
from mestore.orders.repository import OrderFilter, OrderRepository
from mestore.orders.schemas import OrderIn, OrderOut, ShippingInfo
from mestore.orders.totals import packages_of, parcels_of
from mestore.places.dane import find_municipality
from mestore.shipping.service import Destination, ShippingService
from mestore.users.service import UserService

_MOST_UNITS = 999


class OrderService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._orders = OrderRepository(session)
        self._placing = PlacingRepository(session)
        self._stock = StockService(session)
        self._shipping = ShippingService(session, settings, now)
        self._users = UserService(session, settings, now)
        self._settings = settings.orders
        self._now = now

    async def place(
        self, buyer_id: UserId, wanted: OrderIn, *, expected_total: Money | None = None, account_is_held: bool = False
    ) -> OrderOut:
        """Reserve the stock and write the order with its packages: all of it or nothing.

        The buyer's account is held first, unless the caller holds it (`account_is_held`): erasing it waits for the
        order, and then sees it.

        Raises:
            NotSignedIn: the account was closed meanwhile.
            MunicipalityUnknown: there is no such place to send it to.
            TooManyUnits: lines of one product add up to more than one order takes.
            ProductUnavailable, OutOfStock: see `StockService.reserve`.
            TotalChanged: it costs something else than `expected_total`.
        """
        destination = _destination(wanted.shipping_info)
        if not account_is_held:
            await self._users.keep_open(buyer_id)
        reserved = await self._stock.reserve(_units_by_product(wanted))
        quotes = await self._shipping.quote(parcels_of(reserved), destination)
        new = NewOrder(
            order_number=dated_number("ORD", self._now()),
            buyer_id=buyer_id,
            packages=packages_of(reserved, {quote.vendor_id: quote.cost for quote in quotes}),
            promises={quote.vendor_id: quote.promise for quote in quotes},
            shipping_info=wanted.shipping_info.model_dump(),
            hold=timedelta(minutes=self._settings.hold_minutes),
        )
        if expected_total not in (None, new.totals.total_amount):
            raise TotalChanged(new.totals.total_amount)
        order = await self._placing.write(new)
        order_id = OrderId(order.id)
        await self._stock.hold(order_id, reserved)
        await publish(self._session, OrderPlaced(order_id))
        return order

    async def of_buyer(self, buyer_id: UserId, order_id: OrderId) -> Order:
        return await self._orders.of_buyer(buyer_id, order_id)

    async def whole(self, order_id: OrderId) -> Order:
        """Anybody's order, for those who may see all."""
        return await self._orders.whole(order_id)

    async def locked_of_buyer(self, buyer_id: UserId, order_id: OrderId) -> Order:
        """The buyer's order, its row held until the transaction ends."""
        order = await self._orders.locked(order_id)
        if order.buyer_id != buyer_id:
            raise OrderNotFound
        return order

    async def page(self, wanted: OrderFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[Order]:
        return await self._orders.page(wanted, limit, cursor, count=count)


def _destination(info: ShippingInfo) -> Destination:
    place = find_municipality(info.municipality_code)
    if place is None:
        raise MunicipalityUnknown
    return Destination(department_code=place.department.code, municipality_code=info.municipality_code)


def _units_by_product(wanted: OrderIn) -> dict[ProductId, int]:
    """Lines of the same product count together, before anything is checked."""
    units: Counter[ProductId] = Counter()
    for item in wanted.items:
        units[ProductId(item.product_id)] += item.quantity
    if max(units.values()) > _MOST_UNITS:
        raise TooManyUnits
    return dict(units)
