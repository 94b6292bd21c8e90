"""Products changed by their vendor, and judged by an administrator.

The product's row is locked first, so what a change is compared with is what it changes; orders that want units of it
wait meanwhile, and are then measured against the new figures.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError

from mestore.catalog.errors import MayNotPublish, ProductNotFound, SkuTaken, StockReserved, TooMuchStock
from mestore.catalog.events import ProductChanged
from mestore.catalog.models import MovementKind, Product, ProductStatus
from mestore.catalog.moderation import JUDGED, status_when_changed, status_when_submitted
from mestore.catalog.moderation_repository import ModerationRepository
from mestore.catalog.product_json import admin_product_json, own_product_json, public_product_json
from mestore.catalog.repository import ProductRepository
from mestore.catalog.schemas import BulkChange, BulkOut, BulkOutcome, BulkRow, ProductIn
from mestore.catalog.states import refuse_illegal
from mestore.core.database import Session
from mestore.core.errors import Refusal
from mestore.core.etags import refuse_stale
from mestore.core.ids import CategoryId, ProductId, VendorId, new_uuid
from mestore.core.jobs import publish
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.models import User
from mestore.vendors.models import Vendor
from mestore.vendors.service import VendorService

_MOST_STOCK = 1_000_000
"""As much as one body can name; movements add up to no more."""


class ProductEditing:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._settings = settings.catalog
        self._images_url = settings.media.public_url
        self._now = now
        self._products = ProductRepository(session)
        self._moderation = ModerationRepository(session, settings.catalog)
        self._vendors = VendorService(session)

    async def publish(self, user: User, product: ProductIn) -> str:
        """Add a product to the caller's shop and submit it; as JSON, like all answers here.

        Raises:
            MayNotPublish: the shop is not approved or its e-mail not verified.
            CategoryNotFound: there is no such category.
            SkuTaken: the shop sells one with this SKU.
        """
        vendor = await self._vendor_who_may_publish(user)
        await self._products.category(CategoryId(product.category_id))
        product_id = ProductId(new_uuid())
        values = dict(product)
        typical = await self._moderation.typical_prices([CategoryId(product.category_id)])
        await self._products.add(
            {
                **values,
                "id": product_id,
                "vendedor_id": vendor.id,
                "slug": await self._products.free_slug(product.name),
                "status": status_when_submitted(self._settings, values, typical),
                "reserved": 0,
            }
        )
        await self._products.keep_slug(product_id)
        if product.stock:
            await self._products.add_movement(product_id, MovementKind.IN, product.stock, user.id, "published")
        await publish(self._session, ProductChanged(product_id))
        return await own_product_json(self._session, self._images_url, product_id)

    async def change(self, user: User, product_id: ProductId, changes: dict[str, Any], if_match: str | None) -> str:
        """Change a product of the caller's shop.

        Raises:
            ProductNotFound: it is not the caller's, or deleted.
            Stale: `if_match` names neither what its vendor nor what everybody would read now.
            CategoryNotFound, SkuTaken, IllegalProductMove: the change does not fit.
            StockReserved: open orders hold more than the new stock.
        """
        vendor = await self._vendors.of_user(user.id)
        product = await self._products.locked(vendor.id, product_id)
        await self._refuse_stale(product_id, if_match)
        if await self._apply(user, product, changes):
            await publish(self._session, ProductChanged(product_id))
        return await own_product_json(self._session, self._images_url, product_id)

    async def change_many(self, user: User, wanted: Sequence[BulkChange]) -> BulkOut:
        """Change up to 500 products, each wholly or not at all; a row says what a request for it alone would say."""
        vendor = await self._vendors.of_user(user.id)
        found = await self._products.many_locked(vendor.id, [ProductId(each.product_id) for each in wanted])
        rows = [await self._one_of_many(user, found.get(ProductId(each.product_id)), each) for each in wanted]
        updated = [row.product_id for row in rows if row.outcome is BulkOutcome.UPDATED]
        await publish(self._session, *(ProductChanged(ProductId(product_id)) for product_id in dict.fromkeys(updated)))
        refused = sum(row.outcome is BulkOutcome.REFUSED for row in rows)
        return BulkOut(updated=len(updated), unchanged=len(rows) - len(updated) - refused, refused=refused, rows=rows)

    async def delete(self, user: User, product_id: ProductId, if_match: str | None) -> None:
        """Hide a product everywhere, for good: orders that have it go on. Deleting it twice is absent the second time.

        Raises:
            ProductNotFound: it is not the caller's, or deleted.
            Stale: as for `change`.
        """
        vendor = await self._vendors.of_user(user.id)
        product = await self._products.locked(vendor.id, product_id)
        await self._refuse_stale(product_id, if_match)
        product.deleted_at = self._now()
        await self._session.flush()
        await publish(self._session, ProductChanged(product_id))

    async def submit(self, user: User, product_id: ProductId) -> str:
        """Bring a product up for sale: at once, or, where moderation is manual or a rule flags it, after a look.

        Raises:
            MayNotPublish, ProductNotFound, IllegalProductMove
        """
        vendor = await self._vendor_who_may_publish(user)
        product = await self._products.locked(vendor.id, product_id)
        if product.status not in (ProductStatus.PENDING, ProductStatus.APPROVED):
            # Who rejected it once looks at it again, whatever it went through in between.
            once_rejected = product.rejection_reason is not None
            typical = await self._moderation.typical_prices([product.category_id])
            status = status_when_submitted(self._settings, _judged_of(product), typical)
            await self._move(product, ProductStatus.PENDING if once_rejected else status, product.rejection_reason)
        return await own_product_json(self._session, self._images_url, product_id)

    async def approve(self, product_id: ProductId) -> str:
        """An administrator lets it be sold.

        Raises:
            ProductNotFound, IllegalProductMove
        """
        product = await self._products.locked(None, product_id)
        if product.status is not ProductStatus.APPROVED:
            await self._move(product, ProductStatus.APPROVED)
        return await admin_product_json(self._session, self._images_url, product_id)

    async def reject(self, product_id: ProductId, reason: str) -> str:
        """An administrator keeps it from sale, or takes it out, and says why.

        Raises:
            ProductNotFound, IllegalProductMove
        """
        product = await self._products.locked(None, product_id)
        if product.status is not ProductStatus.REJECTED:
            await self._move(product, ProductStatus.REJECTED, reason)
        return await admin_product_json(self._session, self._images_url, product_id)

    async def _refuse_stale(self, product_id: ProductId, if_match: str | None) -> None:
        """The product's row is locked: what is compared is what will be changed."""
        if if_match is not None:
            refuse_stale(if_match, *[await read(self._session, self._images_url, product_id) for read in _READERS])

    async def _vendor_who_may_publish(self, user: User) -> Vendor:
        vendor = await self._vendors.of_user(user.id)
        if not self._vendors.may_publish(user, vendor):
            raise MayNotPublish
        return vendor

    async def _one_of_many(self, user: User, product: Product | None, wanted: BulkChange) -> BulkRow:
        try:
            if product is None:
                raise ProductNotFound
            changed = await self._apply(user, product, wanted.changes())
        except Refusal as refusal:
            return BulkRow(
                product_id=wanted.product_id, outcome=BulkOutcome.REFUSED, problem=type(refusal).problem_type()
            )
        outcome = BulkOutcome.UPDATED if changed else BulkOutcome.UNCHANGED
        return BulkRow(product_id=wanted.product_id, outcome=outcome, problem=None)

    async def _apply(self, user: User, product: Product, wanted: dict[str, Any]) -> bool:
        """Write what differs, after every refusal has had its say; whether anything did."""
        changes = {name: value for name, value in wanted.items() if getattr(product, name) != value}
        if not changes:
            return False
        if "category_id" in changes:
            await self._products.category(CategoryId(changes["category_id"]))
        if "status" in changes:
            refuse_illegal(product.status, changes["status"])
        elif product.status is ProductStatus.APPROVED and changes.keys() & JUDGED:
            after = _judged_of(product) | changes
            typical = await self._moderation.typical_prices([CategoryId(after["category_id"])])
            changes["status"] = status_when_changed(self._settings, after, changes.keys(), typical)
        if changes.get("stock", product.stock) < product.reserved:
            raise StockReserved(product.reserved)
        if "name" in changes:
            changes["slug"] = await self._products.free_slug(changes["name"])
        await self._write(user, product, changes)
        return True

    async def _write(self, user: User, product: Product, changes: dict[str, Any]) -> None:
        before = product.stock
        for name, value in changes.items():
            setattr(product, name, value)
        try:
            await self._session.flush()
        except IntegrityError as error:
            if "uq_products_vendedor_id_sku" in str(error.orig):
                raise SkuTaken(changes["sku"]) from error
            raise
        if "slug" in changes:
            await self._products.keep_slug(product.id)
        if difference := product.stock - before:
            await self._products.add_movement(product.id, MovementKind.ADJUST, difference, user.id, "product changed")

    async def _move(self, product: Product, status: ProductStatus, reason: str | None = None) -> None:
        refuse_illegal(product.status, status)
        product.status, product.rejection_reason = status, reason
        await self._session.flush()
        await publish(self._session, ProductChanged(product.id))


_READERS = (own_product_json, public_product_json)


def _judged_of(product: Product) -> dict[str, Any]:
    return {name: getattr(product, name) for name in JUDGED}


class StockEditing:
    """What a vendor counts: units that come, go, or are found to be there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._products = ProductRepository(session)
        self._vendors = VendorService(session)

    async def own(self, user: User, product_id: ProductId) -> VendorId:
        """The shop that this product is in, which is the caller's.

        Raises:
            ProductNotFound: it is not.
        """
        vendor = await self._vendors.of_user(user.id)
        await self._products.of_vendor(vendor.id, product_id)
        return vendor.id

    async def move(self, user: User, product_id: ProductId, kind: MovementKind, quantity: int, reason: str) -> None:
        """Write a movement; an ADJUST to the stock there is, or one of nothing, changes nothing.

        Raises:
            ProductNotFound: it is not the caller's.
            StockReserved: open orders hold more than would be left.
            TooMuchStock: more would be there than a product can have.
        """
        vendor = await self._vendors.of_user(user.id)
        product = await self._products.locked(vendor.id, product_id)
        change = {
            MovementKind.IN: quantity,
            MovementKind.OUT: -quantity,
            MovementKind.ADJUST: quantity - product.stock,
        }[kind]
        if product.stock + change < product.reserved:
            raise StockReserved(product.reserved)
        if change > 0 and product.stock + change > _MOST_STOCK:
            raise TooMuchStock
        if change:
            product.stock += change
            await self._products.add_movement(product_id, kind, change, user.id, reason)
            await publish(self._session, ProductChanged(product_id))
