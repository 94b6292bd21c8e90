"""All that the page of one product shows."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.catalog.schemas import ProductOut
from mestore.core.boundary import Output
from mestore.core.paging import Page
from mestore.reviews.schemas import ReviewOut
from mestore.search.schemas import SimilarOut


class PageShop(Output):
    id: UUID
    slug: Annotated[str, Field(examples=["cafe-de-la-sierra"])]
    business_name: Annotated[str, Field(examples=["Café de la Sierra"])]
    description: Annotated[str, Field(examples=["Café de origen de la Sierra Nevada."])]
    city: Annotated[str, Field(examples=["Santa Marta"])]


class ProductPage(Output):
    product: ProductOut
    vendor: PageShop
    reviews: Page[ReviewOut]
    """The first of them."""
    similar: SimilarOut
