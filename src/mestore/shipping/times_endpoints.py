"""Shops keep how long their packages take, and staff what holds where a shop says nothing."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.core.boundary import Cursor, Limit, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.paging import BadCursor, Page, Slice
from mestore.shipping.errors import DeliveryTimeExists, DeliveryTimeNotFound
from mestore.shipping.models import DeliveryTime
from mestore.shipping.schemas import DeliveryTimeIn, DeliveryTimeOut
from mestore.shipping.service import DeliveryTimeService
from mestore.users.current import CurrentAdmin, CurrentVendor
from mestore.users.errors import DetailsRefused, NotSignedIn, SecondFactorNeeded, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/vendor/delivery-times", tags=["shipping"], route_class=StrictRoute)
admin_router = APIRouter(prefix="/admin/delivery-times", tags=["admin"], route_class=StrictRoute)
Times = Annotated[DeliveryTimeService, Depends()]
TimePath = Annotated[Uuid, Path()]
PageLimit = Annotated[Limit, Query(description="How many at most")]
PageCursor = Annotated[Cursor | None, Query(description="`next_cursor` of the page before")]
WithTotal = Annotated[bool, Query(description="Count all, which costs time")]
_VENDOR = (NotSignedIn, WrongAccountType, VendorNotFound)
_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)


@router.get(
    "",
    summary="List my delivery times",
    response_model=Page[DeliveryTimeOut],
    responses=refusals(*_VENDOR, BadCursor),
)
async def list_my_delivery_times(
    vendor: CurrentVendor, times: Times, limit: PageLimit = 20, cursor: PageCursor = None, total: WithTotal = False
) -> Slice[DeliveryTime]:
    """A package's time: my municipality's before my department's before mine of everywhere, then the marketplace's."""
    return await times.page_of_vendor(vendor, limit, cursor, count=total)


@router.post(
    "",
    summary="Say how long my packages take to a place",
    status_code=201,
    response_model=DeliveryTimeOut,
    responses=refusals(*_VENDOR, DeliveryTimeExists, DetailsRefused),
)
async def add_my_delivery_time(body: DeliveryTimeIn, vendor: CurrentVendor, times: Times) -> DeliveryTime:
    """One for each place. Buyers are told before they pay, and orders keep what was told."""
    return await times.add_for_vendor(vendor, body)


@router.delete(
    "/{delivery_time_id}",
    summary="Remove a delivery time of mine",
    status_code=204,
    responses=refusals(*_VENDOR, DeliveryTimeNotFound),
)
async def remove_my_delivery_time(delivery_time_id: TimePath, vendor: CurrentVendor, times: Times) -> None:
    await times.remove_of_vendor(vendor, delivery_time_id)


@admin_router.get(
    "",
    summary="List the delivery times of all shops",
    response_model=Page[DeliveryTimeOut],
    responses=refusals(*_STAFF, BadCursor),
)
async def list_delivery_times(
    _staff: CurrentAdmin, times: Times, limit: PageLimit = 20, cursor: PageCursor = None, total: WithTotal = False
) -> Slice[DeliveryTime]:
    """They hold where a shop says nothing of its own."""
    return await times.page(limit, cursor, count=total)


@admin_router.post(
    "",
    summary="Say how long packages take to a place",
    status_code=201,
    response_model=DeliveryTimeOut,
    responses=refusals(*_STAFF, DeliveryTimeExists, DetailsRefused),
)
async def add_delivery_time(body: DeliveryTimeIn, _staff: CurrentAdmin, times: Times) -> DeliveryTime:
    """One for each place, of all shops that say nothing of their own."""
    return await times.add(body)


@admin_router.delete(
    "/{delivery_time_id}",
    summary="Remove a delivery time of all shops",
    status_code=204,
    responses=refusals(*_STAFF, DeliveryTimeNotFound),
)
async def remove_delivery_time(delivery_time_id: TimePath, _staff: CurrentAdmin, times: Times) -> None:
    await times.remove(delivery_time_id)
