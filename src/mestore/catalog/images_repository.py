"""Every query about pictures of products."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Exists, case, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.errors import ProductNotFound
from mestore.catalog.images_errors import ImageNotFound
from mestore.catalog.models import Product, ProductImage, ProductStatus
from mestore.core.ids import ImageId, ProductId, VendorId
from mestore.vendors.models import Vendor, VendorStatus


def is_public(product_id: ProductId) -> Exists:
    """Whether everybody may see a product."""
    return (
        exists()
        .where(Product.id == product_id, Product.status == ProductStatus.APPROVED, Product.deleted_at.is_(None))
        .where(Vendor.id == Product.vendedor_id)
        .where(Vendor.status == VendorStatus.APPROVED, Vendor.deleted_at.is_(None))
    )


class ImageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_public(self, product_id: ProductId) -> Sequence[ProductImage]:
        """What everybody may see.

        Raises:
            ProductNotFound: no such product is for sale.
        """
        if not await self._session.scalar(select(is_public(product_id))):
            raise ProductNotFound
        return await self.all(product_id)

    async def all(self, product_id: ProductId) -> Sequence[ProductImage]:
        wanted = select(ProductImage).where(ProductImage.product_id == product_id).order_by(ProductImage.position)
        return (await self._session.scalars(wanted.execution_options(populate_existing=True))).all()

    async def lock_product(self, vendor_id: VendorId, product_id: ProductId) -> None:
        """Changes of one product's pictures go one after another.

        Raises:
            ProductNotFound: this shop has none such.
        """
        wanted = (
            select(Product.id)
            .where(Product.id == product_id, Product.vendedor_id == vendor_id, Product.deleted_at.is_(None))
            .with_for_update(key_share=True)
        )
        if await self._session.scalar(wanted) is None:
            raise ProductNotFound

    async def count(self, product_id: ProductId) -> int:
        wanted = select(func.count()).where(ProductImage.product_id == product_id)
        return await self._session.scalar(wanted) or 0

    async def add(self, image: ProductImage) -> None:
        self._session.add(image)
        await self._session.flush()

    async def get(self, product_id: ProductId, image_id: ImageId) -> ProductImage:
        wanted = select(ProductImage).where(ProductImage.id == image_id, ProductImage.product_id == product_id)
        image = await self._session.scalar(wanted)
        if image is None:
            raise ImageNotFound
        return image

    async def rename(self, image: ProductImage, alt: str) -> None:
        await self._update(ProductImage.id == image.id, {"alt": alt})

    async def move(self, image: ProductImage, to: int) -> None:
        """Give it a place; those between its old and its new one move by one."""
        start, step = image.position, -1 if to > image.position else 1
        between = ProductImage.position.between(min(start, to), max(start, to))
        place = case((ProductImage.id == image.id, to), else_=ProductImage.position + step)
        await self._update((ProductImage.product_id == image.product_id) & between, {"position": place})

    async def remove(self, image: ProductImage) -> None:
        """The later ones move up, so that places are always 1, 2, 3 …"""
        await self._session.execute(delete(ProductImage).where(ProductImage.id == image.id))
        later = (ProductImage.product_id == image.product_id) & (ProductImage.position > image.position)
        await self._update(later, {"position": ProductImage.position - 1})

    async def remove_of_deleted_products(self, before: datetime) -> None:
        gone = select(Product.id).where(Product.deleted_at < before)
        await self._session.execute(delete(ProductImage).where(ProductImage.product_id.in_(gone)))

    async def known_folders(self, folders: Collection[str]) -> set[str]:
        wanted = select(ProductImage.folder).where(ProductImage.folder.in_(folders))
        return set(await self._session.scalars(wanted))

    async def _update(self, which: Any, values: dict[str, Any]) -> None:
        await self._session.execute(
            update(ProductImage).where(which).values(values).execution_options(synchronize_session=False)
        )
