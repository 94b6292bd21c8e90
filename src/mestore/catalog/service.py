"""Products: published by vendors, found by everybody."""

from collections.abc import Sequence
from typing import Any

from mestore.catalog.errors import MayNotPublish
from mestore.catalog.models import Category, ProductStatus
from mestore.catalog.repository import ProductFilter, ProductRepository, Shown
from mestore.catalog.schemas import OwnProductOut, ProductIn, ProductOut
from mestore.core.database import Session
from mestore.core.ids import CategoryId, ProductId, new_uuid
from mestore.core.paging import Page, Slice
from mestore.core.slugs import slug_of
from mestore.users.models import User
from mestore.vendors.service import VendorService


class ProductService:
    def __init__(self, session: Session) -> None:
        self._products = ProductRepository(session)
        self._vendors = VendorService(session)

    async def publish(self, user: User, product: ProductIn) -> OwnProductOut:
        """Add a product to the caller's shop, for sale at once.

        Raises:
            MayNotPublish: the shop is not approved or its e-mail not verified.
            CategoryNotFound: there is no such category.
            SkuTaken: the shop sells one with this SKU.
        """
        vendor = await self._vendors.of_user(user.id)
        if not self._vendors.may_publish(user, vendor):
            raise MayNotPublish
        await self._products.category(CategoryId(product.category_id))
        product_id = await self._products.add(
            {
                **dict(product),
                "id": new_uuid(),
                "vendedor_id": vendor.id,
                "slug": slug_of(product.name, longest=200, otherwise="producto"),
                "status": ProductStatus.APPROVED,
                "reserved": 0,
            }
        )
        return _own(await self._products.of_vendor(vendor.id, product_id))

    async def public(self, product_id: ProductId) -> ProductOut:
        return ProductOut.model_validate(_public(await self._products.public(product_id)))

    async def newest(self, wanted: ProductFilter, limit: int, cursor: str | None, *, count: bool) -> Page[ProductOut]:
        found = await self._products.newest(wanted, limit, cursor, count=count)
        return _page(found, [ProductOut.model_validate(_public(row)) for row in found.items])

    async def of_shop(self, user: User, limit: int, cursor: str | None, *, count: bool) -> Page[OwnProductOut]:
        vendor = await self._vendors.of_user(user.id)
        found = await self._products.all_of_vendor(vendor.id, limit, cursor, count=count)
        return _page(found, [_own(row) for row in found.items])

    async def categories(self) -> Sequence[Category]:
        return await self._products.categories()


def _page(found: Slice[Any], items: list[Any]) -> Page[Any]:
    return Page(items=items, next_cursor=found.next_cursor, total=found.total)


def _public(row: Shown) -> dict[str, Any]:
    product, vendor, category = row.Product, row.Vendor, row.Category
    available = product.get_stock_disponible()
    rate = product.iva_class.rate
    return {
        **{name: getattr(product, name) for name in _PLAIN},
        "iva_rate": rate,
        "precio_con_iva": product.precio_venta + product.precio_venta.share(rate),
        "stock_disponible": available,
        "in_stock": available > 0,
        "vendor": vendor,
        "category": category,
    }


_PLAIN = (
    *("id", "sku", "name", "slug", "description", "brand", "status", "precio_venta", "vendedor_id"),
    *("attributes", "created_at", "updated_at"),
)


def _own(row: Shown) -> OwnProductOut:
    product = row.Product
    more = {"precio_costo": product.precio_costo, "stock": product.stock, "reserved": product.reserved}
    return OwnProductOut.model_validate(_public(row) | more)
