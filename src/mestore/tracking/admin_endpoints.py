"""Where administrators tell of any package."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import OnceDep
from mestore.core.ids import OrderId, PackageId
from mestore.orders.errors import OrderNotFound, PackageNotFound
from mestore.tracking.errors import NotShipped
from mestore.tracking.schemas import AdminEventIn, PackageTrackingOut
from mestore.tracking.service import Told, TrackingService
from mestore.tracking.vendor_endpoints import MOMENT, ONCE, PACKAGE
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/orders", tags=["admin"], route_class=StrictRoute)


@router.post(
    "/{order_id}/packages/{package_id}/tracking",
    summary="Tell where any package is",
    status_code=201,
    response_model=PackageTrackingOut,
    responses=refusals(
        *(NotSignedIn, WrongAccountType, SecondFactorNeeded, OrderNotFound, PackageNotFound, NotShipped),
        *(*MOMENT, *ONCE),
    ),
)
async def tell_of_package(
    order_id: Annotated[PathInt, Path()],
    package_id: Annotated[PathInt, Path()],
    body: AdminEventIn,
    admin: CurrentAdmin,
    tracking: Annotated[TrackingService, Depends()],
    once: OnceDep,
) -> Response:
    """DELIVERED starts retracto, RETURNED owes its price back. The same status and moment told again change nothing."""
    told = Told(body.status, body.at, body.place, body.message)
    return await once.answer(
        admin.id,
        201,
        lambda: tracking.told_by_admin(admin, OrderId(order_id), PackageId(package_id), told),
        PACKAGE,
    )
