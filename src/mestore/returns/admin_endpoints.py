"""All returns, for administrators: they do what shops do, and overrule them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.ids import ReturnId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.orders.states import Actor
from mestore.returns.errors import DamageNotDescribed, IllegalReturnMove, ReturnNotFound, TooManyUnitsToReturn
from mestore.returns.handling import Handler, ReturnHandling
from mestore.returns.models import Return
from mestore.returns.schemas import AdminReturnOut, ReceivedIn, RefusalIn
from mestore.returns.service import ReturnService
from mestore.returns.states import ReturnStatus
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/returns", tags=["admin"], route_class=StrictRoute)
Returns = Annotated[ReturnService, Depends()]
Handling = Annotated[ReturnHandling, Depends()]
ReturnPath = Annotated[PathInt, Path()]
_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)


@router.get(
    "",
    summary="List all returns",
    response_model=Page[AdminReturnOut],
    responses=refusals(*_OF_STAFF, BadCursor),
)
async def list_all_returns(
    _admin: CurrentAdmin,
    returns: Returns,
    status: Annotated[ReturnStatus | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Return]:
    """The newest first."""
    return await returns.page(status, limit, cursor, count=total)


@router.get(
    "/{return_id}",
    summary="See any return",
    response_model=AdminReturnOut,
    responses=refusals(*_OF_STAFF, ReturnNotFound),
)
async def see_any_return(return_id: ReturnPath, _admin: CurrentAdmin, returns: Returns) -> Return:
    return await returns.get(ReturnId(return_id))


@router.post(
    "/{return_id}/approve",
    summary="Approve any return",
    response_model=AdminReturnOut,
    responses=refusals(*_OF_STAFF, ReturnNotFound, IllegalReturnMove, TooManyUnitsToReturn),
)
async def approve_any_return(return_id: ReturnPath, admin: CurrentAdmin, handling: Handling) -> Return:
    """Also one that its shop refused, while its units were not asked for anew."""
    return await handling.approve(Handler(admin, Actor.ADMIN), ReturnId(return_id))


@router.post(
    "/{return_id}/refuse",
    summary="Refuse any return",
    response_model=AdminReturnOut,
    responses=refusals(*_OF_STAFF, ReturnNotFound, IllegalReturnMove),
)
async def refuse_any_return(return_id: ReturnPath, body: RefusalIn, admin: CurrentAdmin, handling: Handling) -> Return:
    """Before anything is sent, with a reason that its buyer reads. Refused again, nothing changes."""
    return await handling.refuse(Handler(admin, Actor.ADMIN), ReturnId(return_id), body.reason)


@router.post(
    "/{return_id}/receive",
    summary="Receive any return",
    response_model=AdminReturnOut,
    responses=refusals(*_OF_STAFF, ReturnNotFound, DamageNotDescribed, IllegalReturnMove),
)
async def receive_any_return(
    return_id: ReturnPath, body: ReceivedIn, admin: CurrentAdmin, handling: Handling
) -> Return:
    """GOOD: the units are in stock again, and their money goes back. DAMAGED: it is refused, with what is wrong."""
    who = Handler(admin, Actor.ADMIN)
    return await handling.receive(who, ReturnId(return_id), body.condition, body.reason)
