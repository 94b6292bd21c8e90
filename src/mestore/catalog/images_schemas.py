"""Pictures of a product, as everybody sees them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.core.boundary import Input, Output
from mestore.media.uploads import Alt

Url = Annotated[str, Field(examples=["/media/0f8b6c1d2e3f405162738495a6b7c8d9/600.webp"])]


class ImageUrls(Output):
    """WebP as wide as its name says, or as wide as the picture was where that is less: nothing is enlarged."""

    w1200: Annotated[Url, Field(alias="1200")]
    w900: Annotated[Url, Field(alias="900")]
    w600: Annotated[Url, Field(alias="600")]
    w300: Annotated[Url, Field(alias="300")]
    w150: Annotated[Url, Field(alias="150")]
    preview: Annotated[str, Field(examples=["/media/0f8b6c1d2e3f405162738495a6b7c8d9/preview.jpg"])]
    """A JPEG of 1200 × 630 for previews of links."""


class ImageOut(Output):
    id: UUID
    alt: Annotated[str, Field(examples=["Bolsa de café de 500 g"], description="What it shows, for who can't see it")]
    position: Annotated[int, Field(examples=[1], description="The first is the product's main picture")]
    width: Annotated[int, Field(examples=[1200], description="Of the largest file, in pixels")]
    height: Annotated[int, Field(examples=[900], description="Of the largest file, in pixels")]
    color: Annotated[str, Field(examples=["#d9c7a0"], description="Shown until the picture is there")]
    urls: ImageUrls


class ImageChange(Input):
    """What is left out stays as it is."""

    alt: Annotated[Alt, Field(examples=["Bolsa de café de 500 g"])] | None = None
    position: Annotated[int, Field(ge=1, le=10, examples=[1])] | None = None
    """Where it moves; the others make room. Beyond the last is last."""
