"""Staff keeps the words that mean the same."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.core.boundary import Cursor, Limit, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.paging import BadCursor, Page
from mestore.search.errors import SynonymNotFound, WordInOtherGroup, WordSaysNothing
from mestore.search.schemas import SynonymIn, SynonymOut
from mestore.search.synonyms import SynonymService
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/search-synonyms", tags=["admin"], route_class=StrictRoute)
Synonyms = Annotated[SynonymService, Depends()]
_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)


@router.get("", summary="List groups of words", responses=refusals(*_STAFF, BadCursor))
async def list_synonyms(
    _staff: CurrentAdmin,
    synonyms: Synonyms,
    limit: Annotated[Limit, Query(description="How many at most")] = 20,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before")] = None,
    total: Annotated[bool, Query(description="Count all, which costs time")] = False,
) -> Page[SynonymOut]:
    """The words of a group mean the same to a search."""
    return await synonyms.page(limit, cursor, count=total)


@router.post(
    "",
    summary="Add a group of words",
    status_code=201,
    responses=refusals(*_STAFF, WordInOtherGroup, WordSaysNothing),
)
async def add_synonym(body: SynonymIn, _staff: CurrentAdmin, synonyms: Synonyms) -> SynonymOut:
    """Seen by the next search. No word may be in two groups."""
    return await synonyms.add(body.words)


@router.patch(
    "/{synonym_id}",
    summary="Change a group of words",
    responses=refusals(*_STAFF, SynonymNotFound, WordInOtherGroup, WordSaysNothing),
)
async def change_synonym(
    synonym_id: Annotated[Uuid, Path()], body: SynonymIn, _staff: CurrentAdmin, synonyms: Synonyms
) -> SynonymOut:
    """`words` are all words of the group from now on."""
    return await synonyms.replace(synonym_id, body.words)


@router.delete(
    "/{synonym_id}",
    summary="Remove a group of words",
    status_code=204,
    responses=refusals(*_STAFF, SynonymNotFound),
)
async def remove_synonym(synonym_id: Annotated[Uuid, Path()], _staff: CurrentAdmin, synonyms: Synonyms) -> None:
    await synonyms.remove(synonym_id)
