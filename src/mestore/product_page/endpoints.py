"""The address of a product's page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from mestore.catalog.errors import ProductNotFound
from mestore.core.boundary import StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import ProductId
from mestore.core.reads import ReadyJson
from mestore.product_page.schemas import ProductPage
from mestore.product_page.service import ProductPageService

router = APIRouter(prefix="/products", tags=["products"], route_class=StrictRoute)


@router.get(
    "/{product_id}/page",
    summary="See all that a product's page shows",
    response_model=ProductPage,
    responses=refusals(ProductNotFound),
)
async def see_product_page(
    product_id: Annotated[Uuid, Path()], pages: Annotated[ProductPageService, Depends()]
) -> Response:
    """The product, its shop, the first reviews and similar products, in one call."""
    body, may_be_kept = await pages.page(ProductId(product_id))
    return ReadyJson(body, headers={} if may_be_kept else {"Cache-Control": "no-store"})
