"""What is shown of products to those who look after them."""

from mestore.catalog import product_json
from mestore.catalog.errors import ProductNotFound
from mestore.catalog.models import ProductStatus
from mestore.catalog.product_json import OwnWanted, admin_product_json, own_product_json
from mestore.catalog.repository import ProductRepository
from mestore.catalog.schemas import MovementOut
from mestore.core.database import Session
from mestore.core.ids import ProductId
from mestore.core.paging import Page
from mestore.core.reads import ReadyJson
from mestore.core.wiring import CurrentSettings
from mestore.users.current import STAFF
from mestore.users.models import User
from mestore.vendors.errors import VendorNotFound
from mestore.vendors.service import VendorService


class ProductService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._session = session
        self._images_url = settings.media.public_url
        self._low_stock = settings.catalog.low_stock
        self._products = ProductRepository(session)
        self._vendors = VendorService(session)

    async def shown_to(self, user: User, product_id: ProductId) -> str | None:
        """A product as JSON for its vendor or an administrator; None when the caller is neither."""
        if user.user_type in STAFF:
            if not await self._products.exists(product_id):
                raise ProductNotFound
            return await admin_product_json(self._session, self._images_url, product_id)
        try:
            vendor = await self._vendors.of_user(user.id)
            await self._products.of_vendor(vendor.id, product_id)
        except (VendorNotFound, ProductNotFound):
            return None
        return await own_product_json(self._session, self._images_url, product_id)

    async def own(self, product_id: ProductId) -> str:
        """As its vendor sees it; whose it is was looked at before."""
        return await own_product_json(self._session, self._images_url, product_id)

    async def of_shop(
        self,
        user: User,
        limit: int,
        cursor: str | None,
        *,
        status: ProductStatus | None,
        text: str | None,
        low_stock: bool,
        count: bool,
    ) -> ReadyJson:
        """A page of the caller's products, the newest first.

        Raises:
            BadCursor: it is not ours.
        """
        vendor = await self._vendors.of_user(user.id)
        wanted = OwnWanted(vendor.id, status, text, self._low_stock if low_stock else None)
        return await product_json.own_products_json(self._session, self._images_url, wanted, limit, cursor, count=count)

    async def of_status(self, status: ProductStatus, limit: int, cursor: str | None, *, count: bool) -> ReadyJson:
        """A page of all shops' products of a status, the oldest first.

        Raises:
            BadCursor: it is not ours.
        """
        return await product_json.products_of_status_json(
            self._session, self._images_url, status, limit, cursor, count=count
        )

    async def movements(
        self, product_id: ProductId, limit: int, cursor: str | None, *, count: bool
    ) -> Page[MovementOut]:
        found = await self._products.movements(product_id, limit, cursor, count=count)
        items = [MovementOut.model_validate(each) for each in found.items]
        return Page(items=items, next_cursor=found.next_cursor, total=found.total)
