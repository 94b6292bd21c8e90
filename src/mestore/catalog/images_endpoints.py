"""Addresses of a product's pictures."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from mestore.catalog.errors import ProductNotFound
from mestore.catalog.images import ImageService
from mestore.catalog.images_errors import ImageNotFound, TooManyImages
from mestore.catalog.images_schemas import ImageChange, ImageOut
from mestore.core.boundary import StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.forms import FormExpected, FormUnreadable
from mestore.core.ids import ImageId, ProductId
from mestore.media.errors import (
    PictureUnreadable,
    StorageAway,
    TooManyPixels,
    WorkshopBusy,
)
from mestore.media.uploads import FORM, Incoming
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/products/{product_id}/images", tags=["products"], route_class=StrictRoute)

Images = Annotated[ImageService, Depends()]
Product = Annotated[Uuid, Path()]
Image = Annotated[Uuid, Path()]
_OWN = (NotSignedIn, WrongAccountType, VendorNotFound, ProductNotFound)


@router.get("", summary="List a product's pictures", responses=refusals(ProductNotFound))
async def list_images(product_id: Product, images: Images) -> list[ImageOut]:
    """In their order; the first is the main one."""
    return await images.public(ProductId(product_id))


@router.post(
    "",
    summary="Add a picture to my product",
    status_code=201,
    openapi_extra=FORM,
    responses=refusals(
        *(*_OWN, TooManyImages, FormExpected, FormUnreadable, PictureUnreadable, TooManyPixels),
        *(WorkshopBusy, StorageAway),
    ),
)
async def add_image(product_id: Product, vendor: CurrentVendor, images: Images, incoming: Incoming) -> ImageOut:
    """JPEG, PNG, WebP or AVIF by its content, at most 5 MiB and 40 megapixels, at most ten to a product.

    It is turned upright; neither its EXIF (where it was taken) nor its comments are kept. Nothing is enlarged: a
    file is at most as wide as the picture was, and a very tall one at most twice as high as its name says it is wide.
    Of an animation the first frame is taken.
    """
    return await images.add(vendor, ProductId(product_id), incoming)


@router.patch(
    "/{image_id}",
    summary="Describe or move a picture of my product",
    responses=refusals(*_OWN, ImageNotFound),
)
async def change_image(
    product_id: Product, image_id: Image, body: ImageChange, vendor: CurrentVendor, images: Images
) -> ImageOut:
    """`position` 1 makes it the main one; the others keep their order."""
    return await images.change(vendor, ProductId(product_id), ImageId(image_id), body)


@router.delete(
    "/{image_id}",
    summary="Remove a picture of my product",
    status_code=204,
    responses=refusals(*_OWN, ImageNotFound),
)
async def remove_image(product_id: Product, image_id: Image, vendor: CurrentVendor, images: Images) -> None:
    await images.remove(vendor, ProductId(product_id), ImageId(image_id))
