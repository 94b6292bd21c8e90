"""Where packages are: for buyers and staff, and, without a word about anybody, for whoever has an order's number."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.ids import OrderId
from mestore.orders.errors import OrderNotFound
from mestore.tracking.errors import OrderNumberUnknown
from mestore.tracking.schemas import OrderNumber, OrderTrackingOut, PublicTrackingOut
from mestore.tracking.service import TrackingService
from mestore.tracking.views import OrderTracking, PublicTracking
from mestore.users.current import CurrentBuyerOrAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/orders", tags=["orders"], route_class=StrictRoute)
Tracking = Annotated[TrackingService, Depends()]


@router.get(
    "/track/{order_number}",
    summary="Follow an order by its number",
    response_model=PublicTrackingOut,
    responses=refusals(OrderNumberUnknown),
)
async def track_order(order_number: Annotated[OrderNumber, Path()], tracking: Tracking) -> PublicTracking:
    """For everybody: where its packages are, by towns. Nothing of who bought, what or for how much."""
    return await tracking.public(order_number)


@router.get(
    "/{order_id}/tracking",
    summary="See where the packages of an order are",
    response_model=OrderTrackingOut,
    responses=refusals(NotSignedIn, WrongAccountType, SecondFactorNeeded, OrderNotFound),
)
async def see_tracking(
    order_id: Annotated[PathInt, Path()], user: CurrentBuyerOrAdmin, tracking: Tracking
) -> OrderTracking:
    """For its buyer and for administrators: what carriers and vendors told, the newest first."""
    return await tracking.of_order(user, OrderId(order_id))
