"""The statements behind `upserts.py`: each is one round trip for all rows of a batch."""

from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import String, Table, bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_nothing
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.models import Category, Product, ProductSlug, StockMovement
from mestore.core.ids import CategoryId, ProductId, VendorId

# As `ProductRepository.free_slug` locks one: sorted, so that two batches don't wait for each other in a circle.
_LOCK_SLUGS = text("""
    SELECT pg_advisory_xact_lock(hash) FROM (
        SELECT DISTINCT hashtextextended(slug, 0) AS hash FROM unnest(:slugs) AS s (slug) ORDER BY hash OFFSET 0
    ) sorted
""").bindparams(bindparam("slugs", type_=ARRAY(String)))

# Without the ORM: many rows in one statement, none of which becomes an object.
_PRODUCTS = cast("Table", Product.__table__)
_SLUGS = cast("Table", ProductSlug.__table__)
_MOVEMENTS = cast("Table", StockMovement.__table__)


class UpsertRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_sku(self, vendor_id: VendorId, skus: Sequence[str], *, lock: bool) -> dict[str, Product]:
        """The shop's products with these SKUs; locked in id order, as everybody locks products."""
        query = select(Product).where(
            Product.vendedor_id == vendor_id, Product.sku.in_(skus), Product.deleted_at.is_(None)
        )
        query = query.order_by(Product.id).execution_options(populate_existing=True)
        if lock:
            query = query.with_for_update(key_share=True)
        return {product.sku: product for product in await self._session.scalars(query)}

    async def categories(self, slugs: Collection[str]) -> dict[str, CategoryId]:
        """Until this transaction ends nobody removes them."""
        wanted = select(Category.slug, Category.id).where(Category.slug.in_(slugs)).order_by(Category.id)
        rows = await self._session.execute(wanted.with_for_update(read=True, key_share=True))
        return {row.slug: row.id for row in rows}

    async def taken_slugs(self, slugs: Collection[str]) -> set[str]:
        """Which of these addresses lead somewhere; the others are this transaction's until it ends."""
        if not slugs:
            return set()
        await self._session.execute(_LOCK_SLUGS, {"slugs": sorted(slugs)})
        return set(await self._session.scalars(select(ProductSlug.slug).where(ProductSlug.slug.in_(slugs))))

    async def add(self, products: Sequence[dict[str, Any]]) -> set[ProductId]:
        """The ids of those that are added; a SKU that the shop has by now is left out."""
        if not products:
            return set()
        statement = (
            insert_or_nothing(_PRODUCTS)
            .on_conflict_do_nothing(index_elements=["vendedor_id", "sku"], index_where=text("deleted_at IS NULL"))
            .returning(_PRODUCTS.c.id)
        )
        return set((await self._session.execute(statement, products)).scalars())

    async def add_slugs(self, slugs: Sequence[dict[str, Any]]) -> None:
        if slugs:
            await self._session.execute(insert_or_nothing(_SLUGS).on_conflict_do_nothing(), slugs)

    async def add_movements(self, movements: Sequence[dict[str, Any]]) -> None:
        if movements:
            await self._session.execute(insert(_MOVEMENTS), movements)
