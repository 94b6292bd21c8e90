"""Searching: the products that are found, suggestions while typing, and what is like a product."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from mestore.catalog.errors import BadPriceRange, ProductNotFound
from mestore.catalog.filters import QueryFilters
from mestore.core.boundary import Cursor, Limit, Line, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import ProductId
from mestore.core.paging import BadCursor
from mestore.core.reads import ReadyJson
from mestore.search.schemas import SearchMode, SearchOut, SimilarOut, Suggestions
from mestore.search.service import Ready, SearchService

router = APIRouter(prefix="/products", tags=["products"], route_class=StrictRoute)

Search = Annotated[SearchService, Depends()]


def _answer(ready: Ready) -> Response:
    """What was made without vectors is not kept: they may be back a moment later."""
    return ReadyJson(ready.body, headers={} if ready.mode is SearchMode.HYBRID else {"Cache-Control": "no-store"})


@router.get(
    "/search", summary="Search products", response_model=SearchOut, responses=refusals(BadCursor, BadPriceRange)
)
async def search_products(
    search: Search,
    filters: QueryFilters,
    q: Annotated[Line, Query(description="What a buyer would type: words, a need, a SKU", examples=["nevera"])],
    limit: Annotated[Limit, Query(description="How many at most")] = 20,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before")] = None,
) -> Response:
    """Found by words (Spanish stems, accents or not, synonyms, misspellings put right) and by meaning, in one ranking.

    While the index of meanings is away, `mode` is `keyword`: the words alone answer, and nothing fails. The first 200
    can be paged through; facets count up to about a thousand.
    """
    return _answer(await search.search(q, filters, limit, cursor))


@router.get("/suggest", summary="Suggest what to search for")
async def suggest_products(
    search: Search,
    q: Annotated[Line, Query(description="The first letters of it", examples=["nev"])],
) -> Suggestions:
    """Popular queries, categories, brands and names that begin so, at most five of each."""
    return await search.suggest(q)


@router.get(
    "/{product_id}/similar",
    summary="See similar products",
    response_model=SimilarOut,
    responses=refusals(ProductNotFound),
)
async def similar_products(
    product_id: Annotated[Uuid, Path()],
    search: Search,
    limit: Annotated[Limit, Query(description="How many at most")] = 10,
) -> Response:
    return _answer(await search.similar(ProductId(product_id), limit))
