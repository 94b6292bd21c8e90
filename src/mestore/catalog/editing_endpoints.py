"""Where vendors change their products, and administrators judge them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from mestore.catalog.editing import ProductEditing, StockEditing
from mestore.catalog.endpoints import PageCursor, PageLimit, WithTotal
from mestore.catalog.errors import (
    CategoryNotFound,
    IllegalProductMove,
    MayNotPublish,
    ProductNotFound,
    SkuTaken,
    StockReserved,
    TooMuchStock,
)
from mestore.catalog.models import MovementKind, ProductStatus
from mestore.catalog.schemas import (
    AdminProductOut,
    BulkIn,
    BulkOut,
    MovementIn,
    MovementOut,
    OwnProductOut,
    ProductIn,
    ProductPatch,
    RejectIn,
)
from mestore.catalog.service import ProductService
from mestore.core.boundary import StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.errors import MethodNotAllowed, Stale
from mestore.core.ids import ProductId
from mestore.core.paging import BadCursor, Page
from mestore.core.reads import ReadyJson
from mestore.users.current import CurrentAdmin, CurrentVendor
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/products", tags=["products"], route_class=StrictRoute)
admin_router = APIRouter(prefix="/admin/products", tags=["admin"], route_class=StrictRoute)

Editing = Annotated[ProductEditing, Depends()]
Id = Annotated[Uuid, Path()]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1_000,
        # Weak tags are let in, and match nothing: RFC 9110, 13.1.1, compares strongly.
        pattern=r'^(\*|(W/)?"[0-9a-f]{32}"(, ?(W/)?"[0-9a-f]{32}")*)$',
        description="The ETag of what you saw: 412 when it has changed since",
    ),
]
_VENDORS = (NotSignedIn, WrongAccountType, VendorNotFound)
_OF_A_VENDOR = (*_VENDORS, ProductNotFound)
_OF_AN_ADDRESS = (*_OF_A_VENDOR, MethodNotAllowed)
"""What is no id is the address of something that can only be read."""

_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded, ProductNotFound, IllegalProductMove)


@router.post(
    "",
    summary="Publish a product",
    status_code=201,
    response_model=OwnProductOut,
    responses=refusals(*_VENDORS, MayNotPublish, CategoryNotFound, SkuTaken),
)
async def publish_product(body: ProductIn, vendor: CurrentVendor, editing: Editing) -> Response:
    """`precio_venta` is in COP, net of IVA; `iva_class` decides what a consumer is shown in `precio_con_iva`."""
    return ReadyJson(await editing.publish(vendor, body), status_code=201)


@router.put(
    "/bulk-update",
    summary="Change many products at once",
    responses=refusals(*_VENDORS),
)
async def change_many_products(body: BulkIn, vendor: CurrentVendor, editing: Editing) -> BulkOut:
    """Up to 500, each wholly or not at all; what could not be changed is told in its row."""
    return await editing.change_many(vendor, body.products)


# `any_uuid` keeps these from answering for the static addresses beside them, which only have a GET.
@router.put(
    "/{product_id:any_uuid}",
    summary="Replace a product",
    response_model=OwnProductOut,
    responses=refusals(*_OF_AN_ADDRESS, Stale, CategoryNotFound, SkuTaken, StockReserved),
)
async def replace_product(
    product_id: Id, body: ProductIn, vendor: CurrentVendor, editing: Editing, if_match: IfMatch = None
) -> Response:
    """What is not named goes back to its default; a new name makes a new `slug`, and the old one still leads here."""
    return ReadyJson(await editing.change(vendor, ProductId(product_id), dict(body), if_match))


@router.patch(
    "/{product_id:any_uuid}",
    summary="Change a product",
    response_model=OwnProductOut,
    responses=refusals(*_OF_AN_ADDRESS, Stale, CategoryNotFound, SkuTaken, StockReserved, IllegalProductMove),
)
async def change_product(
    product_id: Id, body: ProductPatch, vendor: CurrentVendor, editing: Editing, if_match: IfMatch = None
) -> Response:
    """What is not named stays.

    Other words, or a price far from those of its category, may have to wait for an administrator: `status` is then
    PENDING.
    """
    return ReadyJson(await editing.change(vendor, ProductId(product_id), body.changes(), if_match))


@router.delete(
    "/{product_id:any_uuid}", summary="Delete a product", status_code=204, responses=refusals(*_OF_AN_ADDRESS, Stale)
)
async def delete_product(product_id: Id, vendor: CurrentVendor, editing: Editing, if_match: IfMatch = None) -> None:
    """It is hidden everywhere at once. Orders that have it go on."""
    await editing.delete(vendor, ProductId(product_id), if_match)


@router.post(
    "/{product_id}/submit",
    summary="Submit a product for sale",
    response_model=OwnProductOut,
    responses=refusals(*_OF_A_VENDOR, MayNotPublish, IllegalProductMove),
)
async def submit_product(product_id: Id, vendor: CurrentVendor, editing: Editing) -> Response:
    """For sale at once, or PENDING until an administrator has looked at it."""
    return ReadyJson(await editing.submit(vendor, ProductId(product_id)))


@router.post(
    "/{product_id}/approve",
    summary="Approve a product",
    response_model=AdminProductOut,
    responses=refusals(*_OF_STAFF),
)
async def approve_product(product_id: Id, _staff: CurrentAdmin, editing: Editing) -> Response:
    return ReadyJson(await editing.approve(ProductId(product_id)))


@router.post(
    "/{product_id}/reject",
    summary="Reject a product",
    response_model=AdminProductOut,
    responses=refusals(*_OF_STAFF),
)
async def reject_product(product_id: Id, body: RejectIn, _staff: CurrentAdmin, editing: Editing) -> Response:
    """Also one that is for sale: it is taken out, and its vendor sees the reason."""
    return ReadyJson(await editing.reject(ProductId(product_id), body.reason))


@router.get(
    "/{product_id}/stock-movements",
    summary="See how a product's stock came about",
    responses=refusals(*_OF_A_VENDOR, BadCursor),
)
async def list_stock_movements(
    product_id: Id,
    vendor: CurrentVendor,
    stock: Annotated[StockEditing, Depends()],
    products: Annotated[ProductService, Depends()],
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Page[MovementOut]:
    """The newest first. Their sums are `stock` and `reserved`."""
    await stock.own(vendor, ProductId(product_id))
    return await products.movements(ProductId(product_id), limit, cursor, count=total)


@router.post(
    "/{product_id}/stock-movements",
    summary="Write down that stock came, went or was counted",
    response_model=OwnProductOut,
    responses=refusals(*_OF_A_VENDOR, StockReserved, TooMuchStock),
)
async def move_stock(
    product_id: Id,
    body: MovementIn,
    vendor: CurrentVendor,
    stock: Annotated[StockEditing, Depends()],
    products: Annotated[ProductService, Depends()],
) -> Response:
    await stock.move(vendor, ProductId(product_id), MovementKind(body.kind), body.quantity, body.reason)
    return ReadyJson(await products.own(ProductId(product_id)))


@admin_router.get(
    "",
    summary="List products of any status",
    response_model=Page[AdminProductOut],
    responses=refusals(NotSignedIn, WrongAccountType, SecondFactorNeeded, BadCursor),
)
async def list_products_for_staff(
    _staff: CurrentAdmin,
    products: Annotated[ProductService, Depends()],
    status: Annotated[ProductStatus, Query()] = ProductStatus.PENDING,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Response:
    """Those that wait for a look, unless another status is asked for; the oldest first."""
    return await products.of_status(status, limit, cursor, count=total)
