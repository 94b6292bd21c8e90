"""What the marketplace's own tables say of shipping."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.clock import COLOMBIA, Now
from mestore.core.money import Money
from mestore.core.settings import Settings
from mestore.shipping.promises import Destination, promise, time_for
from mestore.shipping.rates import Parcel, Quote, Tariff, tariff_for
from mestore.shipping.repository import ShippingRepository


class TableRates:
    """`Rates` by `shipping_rates` and `delivery_times`: one query, however many parcels; else the settings."""

    def __init__(self, session: AsyncSession, settings: Settings, now: Now) -> None:
        self._tables = ShippingRepository(session)
        self._tariff = Tariff(Money(settings.orders.shipping_cost), Money(settings.orders.free_shipping_from))
        self._days = (settings.shipping.min_days, settings.shipping.max_days)
        self._now = now

    async def quote(self, parcels: Sequence[Parcel], destination: Destination) -> list[Quote]:
        """As `Rates` says. Days are counted from today in Colombia."""
        if not parcels:
            return []
        rates, times = await self._tables.tables_to({parcel.vendor_id for parcel in parcels}, destination)
        today = self._now().astimezone(COLOMBIA).date()
        quotes = []
        for parcel in parcels:
            tariff = tariff_for(rates, parcel.weight_kg, destination, self._tariff)
            time = time_for(times, parcel.vendor_id, destination)
            days = self._days if time is None else (time.min_days, time.max_days)
            cost = tariff.cost_of(parcel.net_subtotal)
            quotes.append(Quote(parcel.vendor_id, cost, tariff.free_from, promise(*days, today)))
        return quotes
