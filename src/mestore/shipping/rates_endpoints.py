"""Staff keeps what shipping costs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.core.boundary import Cursor, Limit, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.paging import BadCursor, Page, Slice
from mestore.shipping.errors import ShippingRateExists, ShippingRateNotFound
from mestore.shipping.models import ShippingRate
from mestore.shipping.schemas import ShippingRateChangesIn, ShippingRateIn, ShippingRateOut
from mestore.shipping.service import ShippingRateService
from mestore.users.current import CurrentAdmin
from mestore.users.errors import DetailsRefused, NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/shipping-rates", tags=["admin"], route_class=StrictRoute)
ShippingRates = Annotated[ShippingRateService, Depends()]
RatePath = Annotated[Uuid, Path()]
_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)


@router.get(
    "",
    summary="List shipping rates",
    response_model=Page[ShippingRateOut],
    responses=refusals(*_STAFF, BadCursor),
)
async def list_shipping_rates(
    _staff: CurrentAdmin,
    rates: ShippingRates,
    limit: Annotated[Limit, Query(description="How many at most")] = 20,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before")] = None,
    total: Annotated[bool, Query(description="Count all, which costs time")] = False,
) -> Slice[ShippingRate]:
    """A package's rate: its department's before that of all, then the lightest that holds its weight.

    Where none fits, the marketplace's own cost holds.
    """
    return await rates.page(limit, cursor, count=total)


@router.post(
    "",
    summary="Add a shipping rate",
    status_code=201,
    response_model=ShippingRateOut,
    responses=refusals(*_STAFF, ShippingRateExists, DetailsRefused),
)
async def add_shipping_rate(body: ShippingRateIn, _staff: CurrentAdmin, rates: ShippingRates) -> ShippingRate:
    """Seen by the next quote. One rate for each department and weight."""
    return await rates.add(body)


@router.patch(
    "/{rate_id}",
    summary="Change a shipping rate",
    response_model=ShippingRateOut,
    responses=refusals(*_STAFF, ShippingRateNotFound),
)
async def change_shipping_rate(
    rate_id: RatePath, body: ShippingRateChangesIn, _staff: CurrentAdmin, rates: ShippingRates
) -> ShippingRate:
    """What is left out stays; another department or weight is another rate."""
    return await rates.change(rate_id, body)


@router.delete(
    "/{rate_id}",
    summary="Remove a shipping rate",
    status_code=204,
    responses=refusals(*_STAFF, ShippingRateNotFound),
)
async def remove_shipping_rate(rate_id: RatePath, _staff: CurrentAdmin, rates: ShippingRates) -> None:
    """Orders that were placed keep what they cost."""
    await rates.remove(rate_id)
