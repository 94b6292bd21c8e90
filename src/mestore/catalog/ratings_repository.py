"""The queries that keep a product's rating."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.images_repository import is_public
from mestore.catalog.models import Product
from mestore.core.ids import ProductId, VendorId


class RatingRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def is_public(self, product_id: ProductId) -> bool:
        return bool(await self._session.scalar(select(is_public(product_id))))

    async def vendor_of(self, product_id: ProductId) -> VendorId:
        """Whose product it is, for ever; also of one that was deleted."""
        return (await self._session.scalars(select(Product.vendedor_id).where(Product.id == product_id))).one()

    async def add(self, product_id: ProductId, stars: int, reviews: int) -> None:
        """Of any number at once none is lost. A buyer's opinion is no edit: `updated_at` stays the vendor's."""
        added = update(Product).where(Product.id == product_id)
        await self._session.execute(
            added.values(
                rating_sum=Product.rating_sum + stars,
                reviews_count=Product.reviews_count + reviews,
                updated_at=Product.updated_at,
            ).execution_options(synchronize_session=False)
        )
