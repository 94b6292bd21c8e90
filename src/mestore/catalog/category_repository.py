"""Every query about the tree of categories."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Uuid, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.errors import CategorySlugTaken, NoSuchCategory
from mestore.catalog.models import Category, Product
from mestore.core.ids import CategoryId

_TREE_LOCK = 7_301_954_026
"""Whoever moves a category holds this, so that two moves can't make a circle together."""

# How many products are for sale in each, and in all below it: every product counts once for each category above it.
_WITH_COUNTS = text("""
    WITH RECURSIVE counted AS (
        SELECT p.category_id, count(*) AS products FROM products p JOIN vendors v ON v.id = p.vendedor_id
        WHERE p.status = 'APPROVED' AND p.deleted_at IS NULL AND v.status = 'APPROVED' AND v.deleted_at IS NULL
        GROUP BY 1
    ),
    carried AS (
        SELECT category_id AS id, products FROM counted
        UNION ALL
        SELECT c.parent_id, carried.products FROM carried JOIN categories c ON c.id = carried.id
        WHERE c.parent_id IS NOT NULL
    )
    SELECT c.id, c.parent_id, c.slug, c.name, c.position, coalesce(s.products, 0)::int AS products_count
    FROM categories c LEFT JOIN (SELECT id, sum(products) AS products FROM carried GROUP BY 1) s ON s.id = c.id
    ORDER BY c.position, c.name
""")

_ABOVE = text("""
    WITH RECURSIVE above AS (
        SELECT id, parent_id, slug, name, 0 AS distance FROM categories WHERE id = :id
        UNION ALL
        SELECT c.id, c.parent_id, c.slug, c.name, a.distance + 1 FROM categories c JOIN above a ON c.id = a.parent_id
    )
    SELECT id, slug, name FROM above ORDER BY distance DESC
""").bindparams(bindparam("id", type_=Uuid))

_REFRESH = text("""
    WITH RECURSIVE below AS (
        SELECT id FROM categories WHERE id = :id
        UNION SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id
    ),
    batch AS (
        SELECT p.id FROM products p JOIN below ON below.id = p.category_id
        WHERE (CAST(:after AS uuid) IS NULL OR p.id > :after) ORDER BY p.id LIMIT :limit FOR NO KEY UPDATE OF p
    )
    UPDATE products p SET category_id = p.category_id FROM batch WHERE p.id = batch.id RETURNING p.id
""").bindparams(bindparam("id", type_=Uuid), bindparam("after", type_=Uuid))


class CategoryRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def tree(self) -> Sequence[Row[Any]]:
        """All categories with `products_count`, in the order in which they are shown."""
        return (await self._session.execute(_WITH_COUNTS)).all()

    async def by_slug(self, slug: str) -> Category:
        return await self._one(Category.slug == slug)

    async def by_id(self, category_id: CategoryId) -> Category:
        return await self._one(Category.id == category_id)

    async def above(self, category_id: CategoryId) -> Sequence[Row[Any]]:
        """From the root to the category itself."""
        return (await self._session.execute(_ABOVE, {"id": category_id})).all()

    async def hold_tree(self) -> None:
        """Nobody else changes the tree's shape until this transaction ends."""
        await self._session.execute(select(func.pg_advisory_xact_lock(_TREE_LOCK)))

    async def add(self, values: dict[str, Any]) -> CategoryId:
        """Raises CategorySlugTaken, also when two are added at once."""
        added = await self._session.scalar(
            insert(Category).values(**values).on_conflict_do_nothing().returning(Category.id)
        )
        if added is None:
            raise CategorySlugTaken
        return CategoryId(added)

    async def change(self, category_id: CategoryId, values: dict[str, Any]) -> None:
        await self._session.execute(update(Category).where(Category.id == category_id).values(**values))

    async def remove(self, category_id: CategoryId) -> bool:
        """Whether it was empty and is gone; products that were deleted count, for old orders name them.

        Its row is held first: whoever puts a product in it has done so before this looks, or finds it gone.
        """
        await self._session.execute(select(Category.id).where(Category.id == category_id).with_for_update())
        in_use = or_(
            exists().where(Product.category_id == category_id), exists(select(Category.id).where(_below(category_id)))
        )
        if await self._session.scalar(select(in_use)):
            return False
        await self._session.execute(delete(Category).where(Category.id == category_id))
        return True

    async def refresh_products(self, category_id: CategoryId, after: Any, limit: int) -> Sequence[Any]:
        """Have the words of some products below a category made anew; the ids of those, in order."""
        values = {"id": category_id, "after": after, "limit": limit}
        return sorted((await self._session.execute(_REFRESH, values)).scalars())

    async def _one(self, condition: Any) -> Category:
        category = await self._session.scalar(select(Category).where(condition))
        if category is None:
            raise NoSuchCategory
        return category


def _below(category_id: CategoryId) -> Any:
    return Category.parent_id == category_id
