"""What moderation must know of the rest of the catalogue."""

from collections.abc import Collection

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.moderation import TypicalPrices
from mestore.core.ids import CategoryId
from mestore.core.market_settings import CatalogSettings
from mestore.core.money import Money

_MOST_LOOKED_AT = 200
"""Of a category's newest: their median is as good as that of all, and costs the same in a catalogue of any size."""

_MEDIANS = text(f"""
    SELECT wanted.id, percentile_disc(0.5) WITHIN GROUP (ORDER BY newest.precio_venta) AS price
    FROM unnest(:categories) AS wanted (id) CROSS JOIN LATERAL (
        SELECT p.precio_venta FROM products p
        WHERE p.category_id = wanted.id AND p.status = 'APPROVED' AND p.deleted_at IS NULL
        ORDER BY p.created_at DESC, p.id DESC LIMIT {_MOST_LOOKED_AT}
    ) newest
    GROUP BY wanted.id HAVING count(*) >= :enough
""").bindparams(  # noqa: S608 - a number of this module
    bindparam("categories", type_=ARRAY(Uuid))
)


class ModerationRepository:
    def __init__(self, session: AsyncSession, settings: CatalogSettings) -> None:
        self._session = session
        self._enough = settings.typical_price_from

    async def typical_prices(self, categories: Collection[CategoryId]) -> TypicalPrices:
        """The median price of what is approved in each of these categories that has enough of it."""
        if not categories:
            return {}
        values = {"categories": sorted(set(categories)), "enough": self._enough}
        return {CategoryId(row.id): Money(row.price) for row in await self._session.execute(_MEDIANS, values)}
