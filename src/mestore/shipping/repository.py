"""Every query about what shipping costs and how long it takes."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch
from mestore.core.ids import VendorId
from mestore.core.money import Money
from mestore.core.paging import Slice, decode, slice_of
from mestore.shipping.errors import (
    DeliveryTimeExists,
    DeliveryTimeNotFound,
    ShippingRateExists,
    ShippingRateNotFound,
)
from mestore.shipping.models import DeliveryTime, ShippingRate
from mestore.shipping.promises import Destination

_TABLES = """
    SELECT
        array(
            SELECT (department_code, up_to_kg, cost, free_from) FROM shipping_rates
            WHERE department_code IS NULL OR department_code = $1::text
        ) AS rates,
        array(
            SELECT (vendor_id, department_code, municipality_code, min_days, max_days) FROM delivery_times
            WHERE (vendor_id IS NULL OR vendor_id = ANY($2::uuid[]))
                AND (num_nonnulls(department_code, municipality_code) = 0
                    OR department_code = $1::text OR municipality_code = $3::text)
        ) AS times"""
Kind = TypeVar("Kind", ShippingRate, DeliveryTime)


class ShippingRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def tables_to(
        self, vendor_ids: Collection[VendorId], to: Destination
    ) -> tuple[Sequence[ShippingRate], Sequence[DeliveryTime]]:
        """All rates and times that may hold for packages of these shops to there, in one statement."""
        (found,) = await fetch(self._session, _TABLES, to.department, list(vendor_ids), to.municipality_code)
        return (
            [
                ShippingRate(
                    department_code=department, up_to_kg=up_to_kg, cost=Money(cost), free_from=_money(free_from)
                )
                for department, up_to_kg, cost, free_from in found["rates"]
            ],
            [
                DeliveryTime(
                    vendor_id=vendor,
                    department_code=department,
                    municipality_code=municipality,
                    min_days=min_days,
                    max_days=max_days,
                )
                for vendor, department, municipality, min_days, max_days in found["times"]
            ],
        )

    async def page_of_rates(self, limit: int, cursor: str | None, *, count: bool) -> Slice[ShippingRate]:
        return await self._page(ShippingRate, true(), limit, cursor, count=count)

    async def add_rate(self, values: dict[str, Any]) -> ShippingRate:
        added = await self._session.execute(
            insert(ShippingRate).values(**values).on_conflict_do_nothing().returning(ShippingRate)
        )
        if (rate := added.scalar_one_or_none()) is None:
            raise ShippingRateExists
        return rate

    async def change_rate(self, rate_id: UUID, values: dict[str, Any]) -> ShippingRate:
        statement = update(ShippingRate).where(ShippingRate.id == rate_id).values(**values, updated_at=func.now())
        changed = await self._session.execute(statement.returning(ShippingRate))
        if (rate := changed.scalar_one_or_none()) is None:
            raise ShippingRateNotFound
        return rate

    async def rate(self, rate_id: UUID) -> ShippingRate:
        rate = await self._session.scalar(select(ShippingRate).where(ShippingRate.id == rate_id))
        if rate is None:
            raise ShippingRateNotFound
        return rate

    async def remove_rate(self, rate_id: UUID) -> None:
        gone = delete(ShippingRate).where(ShippingRate.id == rate_id).returning(ShippingRate.id)
        if await self._session.scalar(gone) is None:
            raise ShippingRateNotFound

    async def page_of_times(
        self, vendor_id: VendorId | None, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[DeliveryTime]:
        return await self._page(DeliveryTime, _of(vendor_id), limit, cursor, count=count)

    async def add_time(self, values: dict[str, Any]) -> DeliveryTime:
        added = await self._session.execute(
            insert(DeliveryTime).values(**values).on_conflict_do_nothing().returning(DeliveryTime)
        )
        if (time := added.scalar_one_or_none()) is None:
            raise DeliveryTimeExists
        return time

    async def remove_time(self, vendor_id: VendorId | None, time_id: UUID) -> None:
        gone = delete(DeliveryTime).where(DeliveryTime.id == time_id, _of(vendor_id)).returning(DeliveryTime.id)
        if await self._session.scalar(gone) is None:
            raise DeliveryTimeNotFound

    async def _page(
        self, table: type[Kind], which: ColumnElement[bool], limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Kind]:
        query = select(table).where(which)
        total = await self._session.scalar(select(func.count()).select_from(table).where(which)) if count else None
        if cursor is not None:
            query = query.where(table.id > decode(cursor, UUID)[0])
        rows = (await self._session.scalars(query.order_by(table.id).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda row: (row.id,), total)


def _money(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money(amount)


def _of(vendor_id: VendorId | None) -> ColumnElement[bool]:
    """The rows of one shop, or those that hold for all."""
    return DeliveryTime.vendor_id.is_(None) if vendor_id is None else DeliveryTime.vendor_id == vendor_id
