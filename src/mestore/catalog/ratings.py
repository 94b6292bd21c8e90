"""What a product's reviews come to, kept with the product and with its shop: `rating` is their average, computed by
PostgreSQL.
"""

from mestore.catalog.errors import ProductNotFound
from mestore.catalog.events import ProductChanged
from mestore.catalog.ratings_repository import RatingRepository
from mestore.core.database import Session
from mestore.core.ids import ProductId
from mestore.core.jobs import publish
from mestore.vendors.service import VendorService


class RatingService:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._ratings = RatingRepository(session)
        self._vendors = VendorService(session)

    async def require_public(self, product_id: ProductId) -> None:
        """Go on only with what everybody may see.

        Raises:
            ProductNotFound: no such product is for sale.
        """
        if not await self._ratings.is_public(product_id):
            raise ProductNotFound

    async def change(self, product_id: ProductId, *, stars: int, reviews: int = 0) -> None:
        """Add to the sum of stars and to the number of reviews, in the transaction in which the review changes.

        The shop's row is locked before the product's, as by who closes a shop with all it sells.
        """
        if stars or reviews:
            vendor_id = await self._ratings.vendor_of(product_id)
            await self._vendors.add_to_rating(vendor_id, stars=stars, reviews=reviews)
        await self._ratings.add(product_id, stars, reviews)
        await publish(self._session, ProductChanged(product_id))
