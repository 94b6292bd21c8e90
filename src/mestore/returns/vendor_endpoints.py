"""Where a shop decides about what comes back to it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.ids import ReturnId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.orders.states import Actor
from mestore.returns.errors import DamageNotDescribed, IllegalReturnMove, ReturnNotFound
from mestore.returns.handling import Handler, ReturnHandling
from mestore.returns.models import Return
from mestore.returns.schemas import ReceivedIn, RefusalIn, ReturnOut
from mestore.returns.service import ReturnService
from mestore.returns.states import ReturnStatus
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/vendor/returns", tags=["returns"], route_class=StrictRoute)
Returns = Annotated[ReturnService, Depends()]
Handling = Annotated[ReturnHandling, Depends()]
ReturnPath = Annotated[PathInt, Path()]
_OF_A_VENDOR = (NotSignedIn, WrongAccountType, VendorNotFound)


@router.get(
    "",
    summary="List what comes back to me",
    response_model=Page[ReturnOut],
    responses=refusals(*_OF_A_VENDOR, BadCursor),
)
async def list_returns_to_shop(
    vendor: CurrentVendor,
    returns: Returns,
    status: Annotated[ReturnStatus | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Return]:
    """The newest first."""
    return await returns.page_of_vendor(vendor, status, limit, cursor, count=total)


@router.get(
    "/{return_id}",
    summary="See a return to my shop",
    response_model=ReturnOut,
    responses=refusals(*_OF_A_VENDOR, ReturnNotFound),
)
async def see_return_to_shop(return_id: ReturnPath, vendor: CurrentVendor, returns: Returns) -> Return:
    return await returns.of_vendor(vendor, ReturnId(return_id))


@router.post(
    "/{return_id}/approve",
    summary="Approve a return",
    response_model=ReturnOut,
    responses=refusals(*_OF_A_VENDOR, ReturnNotFound, IllegalReturnMove),
)
async def approve_return(return_id: ReturnPath, vendor: CurrentVendor, handling: Handling) -> Return:
    """The goods may come. Approved again, nothing changes."""
    return await handling.approve(Handler(vendor, Actor.VENDOR), ReturnId(return_id))


@router.post(
    "/{return_id}/refuse",
    summary="Refuse a return",
    response_model=ReturnOut,
    responses=refusals(*_OF_A_VENDOR, ReturnNotFound, IllegalReturnMove),
)
async def refuse_return(return_id: ReturnPath, body: RefusalIn, vendor: CurrentVendor, handling: Handling) -> Return:
    """Before anything is sent, with a reason that its buyer reads. Refused again, nothing changes."""
    return await handling.refuse(Handler(vendor, Actor.VENDOR), ReturnId(return_id), body.reason)


@router.post(
    "/{return_id}/receive",
    summary="Receive a return",
    response_model=ReturnOut,
    responses=refusals(*_OF_A_VENDOR, ReturnNotFound, DamageNotDescribed, IllegalReturnMove),
)
async def receive_return(return_id: ReturnPath, body: ReceivedIn, vendor: CurrentVendor, handling: Handling) -> Return:
    """GOOD: the units are in stock again, and their money goes back. DAMAGED: it is refused, with what is wrong."""
    who = Handler(vendor, Actor.VENDOR)
    return await handling.receive(who, ReturnId(return_id), body.condition, body.reason)
