"""The commissions' addresses, as vendors see their own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.commissions.errors import CommissionNotFound
from mestore.commissions.models import Commission
from mestore.commissions.schemas import CommissionOut
from mestore.commissions.service import CommissionService
from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.ids import CommissionId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/commissions", tags=["commissions"], route_class=StrictRoute)
Commissions = Annotated[CommissionService, Depends()]


@router.get(
    "",
    summary="List what the marketplace kept of my sales",
    response_model=Page[CommissionOut],
    responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound, BadCursor),
)
async def list_commissions(
    vendor: CurrentVendor,
    commissions: Commissions,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Commission]:
    return await commissions.page_of_vendor(vendor, limit, cursor, count=total)


@router.get(
    "/{commission_id}",
    summary="See a commission of mine",
    response_model=CommissionOut,
    responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound, CommissionNotFound),
)
async def see_commission(
    commission_id: Annotated[PathInt, Path()], vendor: CurrentVendor, commissions: Commissions
) -> Commission:
    return await commissions.of_vendor(vendor, CommissionId(commission_id))
