"""Where vendors tell of their packages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId
from mestore.orders.errors import OrderNotFound
from mestore.tracking.errors import MomentBeforeShipment, MomentInTheFuture, NotShipped, NotTheVendorsToTell
from mestore.tracking.schemas import PackageTrackingOut, VendorEventIn
from mestore.tracking.service import Told, TrackingService
from mestore.tracking.states import TrackingStatus
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/vendor/orders", tags=["vendor orders"], route_class=StrictRoute)
MOMENT = (MomentInTheFuture, MomentBeforeShipment)
ONCE = (IdempotencyKeyInUse, IdempotencyKeyReused)
PACKAGE = TypeAdapter(PackageTrackingOut)


@router.post(
    "/{order_id}/tracking",
    summary="Tell where my package is",
    status_code=201,
    response_model=PackageTrackingOut,
    responses=refusals(
        *(NotSignedIn, WrongAccountType, VendorNotFound, OrderNotFound, NotTheVendorsToTell, NotShipped),
        *(*MOMENT, *ONCE),
    ),
)
async def tell_of_my_package(
    order_id: Annotated[PathInt, Path()],
    body: VendorEventIn,
    vendor: CurrentVendor,
    tracking: Annotated[TrackingService, Depends()],
    once: OnceDep,
) -> Response:
    """Of a package that was shipped. The same status and moment told again change nothing."""
    told = Told(TrackingStatus(body.status), body.at, body.place, body.message)
    return await once.answer(vendor.id, 201, lambda: tracking.told_by_vendor(vendor, OrderId(order_id), told), PACKAGE)
