"""The address of a vendor's figures."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from mestore.analytics.errors import BadPeriod
from mestore.analytics.schemas import AnalyticsOut
from mestore.analytics.service import AnalyticsService
from mestore.core.boundary import StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.reads import ReadyJson
from mestore.users.current import CurrentUser
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/products", tags=["products"], route_class=StrictRoute)


@router.get(
    "/analytics",
    summary="See what my shop sold",
    response_model=AnalyticsOut,
    responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound, BadPeriod),
)
async def see_analytics(
    user: CurrentUser,
    analytics: Annotated[AnalyticsService, Depends()],
    since: Annotated[
        date | None, Query(alias="from", description="First day, Colombia's; thirty days unless told")
    ] = None,
    until: Annotated[date | None, Query(alias="to", description="Last day; today unless told")] = None,
    vendor_id: Annotated[Uuid | None, Query(description="For administrators: whose")] = None,
) -> Response:
    """Units, revenue and what sold best, of orders that were paid and not given back."""
    return ReadyJson(await analytics.of_shop(user, vendor_id, since, until))
