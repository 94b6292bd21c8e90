"""The addresses at which a form finds departments and municipalities."""

from typing import Annotated

from fastapi import APIRouter, Query

from mestore.core import paging
from mestore.core.boundary import Cursor, Limit, Line, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.paging import BadCursor, Page
from mestore.places import dane
from mestore.places.codes import DepartmentCode
from mestore.places.schemas import DepartmentOut, MunicipalityOut

router = APIRouter(prefix="/places", tags=["places"], route_class=StrictRoute)


@router.get("/departments", summary="List the departments, by name")
async def list_departments() -> Page[DepartmentOut]:
    """All 33 in one page: 32 and Bogotá."""
    shown = [DepartmentOut.model_validate(each) for each in dane.departments()]
    return Page(items=shown, next_cursor=None, total=len(shown))


@router.get("/municipalities", summary="Find a municipality", responses=refusals(BadCursor))
async def list_municipalities(
    q: Annotated[Line | None, Query(description="A part of the name, with or without accents")] = None,
    department: Annotated[DepartmentCode | None, Query()] = None,
    limit: Annotated[Limit, Query(description="How many at most")] = 20,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before")] = None,
    total: Annotated[bool, Query(description="Count all")] = False,
) -> Page[MunicipalityOut]:
    """Names that begin with `q` come first. What is left of 1,121 is small enough to be counted each time."""
    found = dane.search(q, department)
    count = len(found) if total else None
    if cursor is not None:
        after = paging.decode(cursor, int, str, str)
        found = [each for each in found if each.key > after]
    part = paging.slice_of(found[: limit + 1], limit, lambda each: each.key, count)
    shown = [MunicipalityOut.model_validate(each.municipality) for each in part.items]
    return Page(items=shown, next_cursor=part.next_cursor, total=part.total)
