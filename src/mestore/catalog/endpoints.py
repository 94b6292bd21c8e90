"""The catalogue's addresses."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field, StringConstraints

from mestore.catalog import public_list
from mestore.catalog.errors import BadPriceRange, ProductNotFound
from mestore.catalog.filters import QueryFilters
from mestore.catalog.models import ProductStatus
from mestore.catalog.product_json import product_json, product_json_by_slug
from mestore.catalog.public_list import ProductSort, Wanted
from mestore.catalog.schemas import OwnProductOut, ProductOut
from mestore.catalog.service import ProductService
from mestore.core.boundary import Cursor, Limit, Line, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import ProductId
from mestore.core.paging import BadCursor, Page
from mestore.core.reads import ReadyJson, TheReads, page
from mestore.core.wiring import CurrentSettings
from mestore.users.current import CurrentVendor, OptionalUser
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/products", tags=["products"], route_class=StrictRoute)

Products = Annotated[ProductService, Depends()]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,220}$"), Field(examples=["cafe"])]
SearchText = Annotated[Line, StringConstraints(max_length=100), Field(examples=["café"])]
PageLimit = Annotated[Limit, Query(description="How many at most")]
PageCursor = Annotated[Cursor | None, Query(description="`next_cursor` of the page before")]
WithTotal = Annotated[bool, Query(description="Count all, which costs time")]


@router.get("", summary="List products", response_model=Page[ProductOut], responses=refusals(BadCursor, BadPriceRange))
async def list_products(
    reads: TheReads,
    settings: CurrentSettings,
    filters: QueryFilters,
    q: Annotated[SearchText | None, Query(description="Words that name, category, brand or text must have")] = None,
    status: Annotated[
        ProductStatus, Query(description="Only APPROVED is public: of any other status this list shows nothing")
    ] = ProductStatus.APPROVED,
    sort: Annotated[ProductSort, Query()] = ProductSort.NEWEST,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Response:
    """What is for sale. `GET /products/search` ranks by what is meant; `q` here only filters.

    A vendor's own products of every status are at `GET /products/my-products`, all shops' at `GET /admin/products`.
    """
    wanted = Wanted(filters, q, sort, status)
    found = await public_list.list_products(reads, settings.media.public_url, wanted, limit, cursor, count=total)
    return page(found.items, found.next_cursor, found.total)


@router.get(
    "/my-products",
    summary="List my shop's products",
    response_model=Page[OwnProductOut],
    responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound, BadCursor),
)
async def list_my_products(
    vendor: CurrentVendor,
    products: Products,
    status: Annotated[ProductStatus | None, Query()] = None,
    q: Annotated[SearchText | None, Query(description="Part of a name, or a whole SKU")] = None,
    low_stock: Annotated[bool, Query(description="Only what is nearly sold out")] = False,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Response:
    return await products.of_shop(vendor, limit, cursor, status=status, text=q, low_stock=low_stock, count=total)


@router.get(
    "/by-slug/{slug}",
    summary="See a product by its address",
    response_model=ProductOut,
    responses=refusals(ProductNotFound),
)
async def see_product_by_slug(slug: Annotated[Slug, Path()], reads: TheReads, settings: CurrentSettings) -> Response:
    """An address that the product had before answers too: its `slug` says where it is now."""
    product = await product_json_by_slug(reads, settings.media.public_url, slug)
    if product is None:
        raise ProductNotFound
    return ReadyJson(product)


@router.get(
    "/{product_id:any_uuid}",
    summary="See a product",
    response_model=ProductOut,
    responses=refusals(NotSignedIn, ProductNotFound),
)
async def see_product(
    product_id: Annotated[Uuid, Path()],
    viewer: OptionalUser,
    products: Products,
    reads: TheReads,
    settings: CurrentSettings,
) -> Response:
    """What everybody may see, when it is for sale. Its vendor and administrators see more of it, and always."""
    wanted = ProductId(product_id)
    product = await products.shown_to(viewer, wanted) if viewer is not None else None
    if product is None:
        product = await product_json(reads, settings.media.public_url, wanted)
    if product is None:
        raise ProductNotFound
    return ReadyJson(product)
