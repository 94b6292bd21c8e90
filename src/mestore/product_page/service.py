"""The page of one product in one call: the product, its shop, the first reviews, and what is like it."""

import asyncio

import orjson

from mestore.catalog.errors import ProductNotFound
from mestore.catalog.product_json import product_json
from mestore.core.database import Session
from mestore.core.ids import ProductId, VendorId
from mestore.core.wiring import Clock, TheWorld
from mestore.product_page.schemas import PageShop
from mestore.reviews.service import ReviewService
from mestore.search.schemas import SearchMode
from mestore.search.service import SearchService
from mestore.vendors.service import VendorService

_REVIEWS = 5
_SIMILAR = 10


class ProductPageService:
    def __init__(self, world: TheWorld, session: Session, now: Clock) -> None:
        self._world = world
        self._reviews = ReviewService(session, now)
        self._vendors = VendorService(session)
        self._search = SearchService(world)

    async def page(self, product_id: ProductId) -> tuple[str, bool]:
        """The page as JSON, and whether it may be kept: what was made without vectors may be better a moment later.

        Raises:
            ProductNotFound: the product is not for sale.
        """
        product, similar = await asyncio.gather(
            product_json(self._world.reads, self._world.settings.media.public_url, product_id),
            self._search.similar(product_id, _SIMILAR),
        )
        if product is None:
            raise ProductNotFound
        vendor_id = VendorId(orjson.loads(product)["vendedor_id"])
        shop = PageShop.model_validate((await self._vendors.by_ids([vendor_id])).popitem()[1])
        reviews = await self._reviews.page(product_id, _REVIEWS, None, count=False)
        body = (
            f'{{"product":{product},"vendor":{shop.model_dump_json()},"reviews":{reviews.model_dump_json()},'
            f'"similar":{similar.body}}}'
        )
        return body, similar.mode is SearchMode.HYBRID
