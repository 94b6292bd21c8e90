"""A product's pictures: at most ten, in an order that its vendor gives them.

An upload stores its files first and writes the row that points to them last, so that no row ever points to a missing
file. What a process that died leaves in the store, and the files of pictures that were removed, the janitor takes.
"""

from collections.abc import Collection
from datetime import timedelta
from functools import partial

import structlog

from mestore.catalog.events import ProductChanged
from mestore.catalog.images_errors import TooManyImages
from mestore.catalog.images_repository import ImageRepository
from mestore.catalog.images_schemas import ImageChange, ImageOut
from mestore.catalog.models import ProductImage
from mestore.core.database import Session, Sessions, checkpoint, transaction
from mestore.core.failpoints import failpoint
from mestore.core.ids import ImageId, ProductId, VendorId
from mestore.core.jobs import publish
from mestore.core.wiring import CurrentSettings
from mestore.core.world import World
from mestore.media.service import Kept, MediaService
from mestore.media.uploads import IncomingPicture
from mestore.users.models import User
from mestore.vendors.service import VendorService

log = structlog.get_logger(__name__)


class ImageService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._session = session
        self._images = ImageRepository(session)
        self._vendors = VendorService(session)
        self._media = MediaService(settings)
        self._most = settings.media.per_product

    async def public(self, product_id: ProductId) -> list[ImageOut]:
        """Everybody's view of a product's pictures.

        Raises:
            ProductNotFound: no such product is for sale.
        """
        return [self._shown(image) for image in await self._images.of_public(product_id)]

    async def add(self, user: User, product_id: ProductId, incoming: IncomingPicture) -> ImageOut:
        """Take a picture in and put it last. The body is read only for who may add one.

        Raises:
            ProductNotFound: the caller's shop has none such.
            TooManyImages: it has `media.per_product` already.
            Those of `IncomingPicture.read` and `MediaService.keep`.
        """
        vendor = await self._vendors.of_user(user.id)
        await self._with_room(vendor.id, product_id)
        await checkpoint(self._session)  # a body may come slowly, and a picture is seconds of work
        sent = await incoming.read()
        kept = await self._media.keep(sent.content)
        failpoint("picture_stored")
        try:
            return await self._add(vendor.id, product_id, kept, sent.alt)
        except Exception:
            await self._media.discard(kept)
            raise

    async def change(self, user: User, product_id: ProductId, image_id: ImageId, change: ImageChange) -> ImageOut:
        """Describe a picture, or give it another place.

        Raises:
            ProductNotFound: the caller's shop has none such.
            ImageNotFound: the product has no such picture.
        """
        image = await self._own(user, product_id, image_id)
        if change.alt is not None:
            await self._images.rename(image, change.alt)
        if change.position is not None:
            await self._images.move(image, min(change.position, await self._images.count(product_id)))
        await publish(self._session, ProductChanged(product_id))
        return next(self._shown(each) for each in await self._images.all(product_id) if each.id == image_id)

    async def remove(self, user: User, product_id: ProductId, image_id: ImageId) -> None:
        """Take a picture away; the janitor takes its files.

        Raises:
            ProductNotFound: the caller's shop has none such.
            ImageNotFound: the product has no such picture.
        """
        await self._images.remove(await self._own(user, product_id, image_id))
        await publish(self._session, ProductChanged(product_id))

    async def _add(self, vendor_id: VendorId, product_id: ProductId, kept: Kept, alt: str) -> ImageOut:
        count = await self._with_room(vendor_id, product_id)
        image = ProductImage(
            product_id=product_id,
            position=count + 1,
            alt=alt,
            width=kept.width,
            height=kept.height,
            color=kept.color,
            folder=kept.folder,
        )
        await self._images.add(image)
        await publish(self._session, ProductChanged(product_id))
        return self._shown(image)

    async def _with_room(self, vendor_id: VendorId, product_id: ProductId) -> int:
        """How many pictures a product has, which is less than it may have; it stays so until the transaction ends."""
        await self._images.lock_product(vendor_id, product_id)
        count = await self._images.count(product_id)
        if count >= self._most:
            raise TooManyImages(self._most)
        return count

    async def _own(self, user: User, product_id: ProductId, image_id: ImageId) -> ProductImage:
        vendor = await self._vendors.of_user(user.id)
        await self._images.lock_product(vendor.id, product_id)
        return await self._images.get(product_id, image_id)

    def _shown(self, image: ProductImage) -> ImageOut:
        plain = {name: getattr(image, name) for name in ("id", "alt", "position", "width", "height", "color")}
        return ImageOut.model_validate(plain | {"urls": self._media.urls(image.folder)})


async def remove_unused_files(world: World) -> None:
    """The janitor: pictures of products that are gone, and files that no picture names, older than `orphan_hours`."""
    before = world.now() - timedelta(hours=world.settings.media.orphan_hours)
    async with transaction(world.sessions) as session:
        await ImageRepository(session).remove_of_deleted_products(before)
    removed = await MediaService(world.settings).remove_unused(before, partial(_known_folders, world.sessions))
    if removed:
        log.info("unused_files_removed", files=removed)


async def _known_folders(sessions: Sessions, folders: Collection[str]) -> Collection[str]:
    async with transaction(sessions) as session:
        return await ImageRepository(session).known_folders(folders)
