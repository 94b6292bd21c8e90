"""A search's answer, suggestions, and the words that mean the same."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from mestore.catalog.schemas import ProductOut
from mestore.core.boundary import Input, Line, Output
from mestore.core.money import Money


class SearchMode(StrEnum):
    HYBRID = "hybrid"
    """By words and by meaning."""
    KEYWORD = "keyword"
    """By words alone: the index of meanings is away, or not made yet."""


Count = Annotated[int, Field(examples=[12])]


class CategoryCount(Output):
    slug: Annotated[str, Field(examples=["neveras"])]
    name: Annotated[str, Field(examples=["Neveras"])]
    count: Count


class VendorCount(Output):
    id: UUID
    slug: Annotated[str, Field(examples=["hogar-andino"])]
    business_name: Annotated[str, Field(examples=["Hogar Andino"])]
    count: Count


class PriceCount(Output):
    min_price: Annotated[Money, Field(description="Belongs to the band")]
    max_price: Annotated[Money | None, Field(description="Does not; null in the highest band")]
    count: Count


class RatingCount(Output):
    at_least: Annotated[int, Field(examples=[4])]
    count: Count


class Facets(Output):
    """Of everything found, filters applied; bands and places where nothing is are left out."""

    categories: list[CategoryCount]
    vendors: list[VendorCount]
    prices: list[PriceCount]
    in_stock: Count
    ratings: list[RatingCount]


class SearchOut(Output):
    items: list[ProductOut]
    next_cursor: str | None = Field(
        examples=["WzEyM10"], description="The `cursor` of the next page; null on the last one"
    )
    total: Annotated[int, Field(examples=[42], description="How many were found; pages show the first 200")]
    mode: Annotated[SearchMode, Field(examples=["hybrid"])]
    searched_for: Annotated[
        str, Field(examples=["lavadora"], description="What was looked for: `q`, with misspelt words put right")
    ]
    facets: Facets


class SimilarOut(Output):
    items: list[ProductOut]
    mode: Annotated[
        SearchMode,
        Field(examples=["hybrid"], description="`hybrid`: by meaning; `keyword`: what sells best in its category"),
    ]


class SuggestionKind(StrEnum):
    QUERY = "query"
    CATEGORY = "category"
    BRAND = "brand"
    PRODUCT = "product"


class Suggestion(Output):
    kind: Annotated[SuggestionKind, Field(examples=["category"])]
    text: Annotated[str, Field(examples=["Neveras"])]
    slug: Annotated[str | None, Field(examples=["neveras"], description="Of a category")] = None


class Suggestions(Output):
    items: list[Suggestion]


Word = Annotated[Line, StringConstraints(max_length=60)]


class SynonymIn(Input):
    words: Annotated[
        list[Word],
        Field(min_length=2, max_length=20, examples=[["nevera", "refrigerador", "heladera"]]),
    ]


class SynonymOut(Output):
    id: UUID
    words: Annotated[list[str], Field(examples=[["nevera", "refrigerador", "heladera"]])]
    created_at: datetime
    updated_at: datetime
