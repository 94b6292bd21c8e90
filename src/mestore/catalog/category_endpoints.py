"""The addresses of categories."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from mestore.catalog.categories import CategoryService
from mestore.catalog.errors import CategoryCycle, CategoryInUse, CategoryNotFound, CategorySlugTaken, NoSuchCategory
from mestore.catalog.schemas import CategoryIn, CategoryNode, CategoryPage, CategoryPatch, CategorySlug
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/categories", tags=["products"], route_class=StrictRoute)

Categories = Annotated[CategoryService, Depends()]
Slug = Annotated[CategorySlug, Path()]
_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)


@router.get("", summary="List all categories")
async def list_categories(categories: Categories) -> list[CategoryNode]:
    """The whole tree as a list; `parent_id` says below which one each stands."""
    return await categories.tree()


@router.get("/{slug}", summary="See a category", responses=refusals(NoSuchCategory))
async def see_category(slug: Slug, categories: Categories) -> CategoryPage:
    """With what stands above it, from the root, and directly below it."""
    return await categories.page(slug)


@router.post(
    "",
    summary="Add a category",
    status_code=201,
    responses=refusals(*_STAFF, CategoryNotFound, CategorySlugTaken),
)
async def add_category(body: CategoryIn, _staff: CurrentAdmin, categories: Categories) -> CategoryPage:
    return await categories.add(body)


@router.patch(
    "/{slug}",
    summary="Rename or move a category",
    responses=refusals(*_STAFF, NoSuchCategory, CategoryNotFound, CategoryCycle),
)
async def change_category(
    slug: Slug, body: CategoryPatch, _staff: CurrentAdmin, categories: Categories
) -> CategoryPage:
    """What stands below it goes along; its address stays, so that links last."""
    return await categories.change(slug, body)


@router.delete(
    "/{slug}",
    summary="Remove an empty category",
    status_code=204,
    responses=refusals(*_STAFF, NoSuchCategory, CategoryInUse),
)
async def remove_category(slug: Slug, _staff: CurrentAdmin, categories: Categories) -> None:
    await categories.remove(slug)
