"""The catalogue's addresses."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field, StringConstraints

from mestore.catalog.errors import CategoryNotFound, MayNotPublish, ProductNotFound, SkuTaken
from mestore.catalog.repository import ProductFilter
from mestore.catalog.schemas import CategoryNode, OwnProductOut, ProductIn, ProductOut
from mestore.catalog.service import ProductService
from mestore.core.boundary import Cursor, Limit, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import ProductId, VendorId
from mestore.core.paging import BadCursor, Page
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/products", tags=["products"], route_class=StrictRoute)
categories_router = APIRouter(prefix="/categories", tags=["categories"], route_class=StrictRoute)

Products = Annotated[ProductService, Depends()]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,120}$"), Field(examples=["cafe"])]
PageLimit = Annotated[Limit, Query(description="How many at most")]
PageCursor = Annotated[Cursor | None, Query(description="`next_cursor` of the page before")]
WithTotal = Annotated[bool, Query(description="Count all, which costs time")]


@router.get("", summary="List products, newest first", responses=refusals(BadCursor))
async def list_products(
    products: Products,
    vendor_id: Annotated[Uuid | None, Query()] = None,
    category: Annotated[Slug | None, Query()] = None,
    in_stock: Annotated[bool, Query()] = False,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Page[ProductOut]:
    wanted = ProductFilter(VendorId(vendor_id) if vendor_id else None, category, in_stock)
    return await products.newest(wanted, limit, cursor, count=total)


@router.post(
    "",
    summary="Publish a product",
    status_code=201,
    responses=refusals(NotSignedIn, WrongAccountType, MayNotPublish, CategoryNotFound, SkuTaken, VendorNotFound),
)
async def publish_product(body: ProductIn, vendor: CurrentVendor, products: Products) -> OwnProductOut:
    """`precio_venta` is in COP, net of IVA; `iva_class` decides what a consumer is shown in `precio_con_iva`."""
    return await products.publish(vendor, body)


@router.get(
    "/my-products",
    summary="List my shop's products",
    responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound, BadCursor),
)
async def list_my_products(
    vendor: CurrentVendor,
    products: Products,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Page[OwnProductOut]:
    return await products.of_shop(vendor, limit, cursor, count=total)


@router.get("/{product_id}", summary="See a product", responses=refusals(ProductNotFound))
async def see_product(product_id: Annotated[Uuid, Path()], products: Products) -> ProductOut:
    return await products.public(ProductId(product_id))


@categories_router.get("", summary="List all categories")
async def list_categories(products: Products) -> list[CategoryNode]:
    """The whole tree as a list; `parent_id` says below which one each stands."""
    return [CategoryNode.model_validate(category) for category in await products.categories()]
