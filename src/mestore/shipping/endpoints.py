"""The address at which a product's page asks what shipping would cost."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StringConstraints

from mestore.core.boundary import QueryPrice, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import VendorId
from mestore.core.money import Money
from mestore.places.codes import MunicipalityCode
from mestore.shipping.errors import DestinationUnknown
from mestore.shipping.rates import Quote
from mestore.shipping.schemas import QuoteOut
from mestore.shipping.service import ShippingService
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/shipping", tags=["shipping"], route_class=StrictRoute)
QueryKilograms = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}(\.[0-9]{1,3})?$"), Field(examples=["0.500"])]


@router.get(
    "/quote",
    summary="See what shipping would cost and when it would come",
    response_model=QuoteOut,
    responses=refusals(DestinationUnknown, VendorNotFound),
)
async def quote_shipping(
    shipping: Annotated[ShippingService, Depends()],
    vendor_id: Annotated[Uuid, Query()],
    subtotal: Annotated[QueryPrice, Query(description="Of this shop's products, net of IVA")],
    weight_kg: Annotated[QueryKilograms, Query(description="Of all of them together")],
    municipality_code: Annotated[MunicipalityCode | None, Query()] = None,
) -> Quote:
    """Of one package of one shop. Without a municipality: what holds in general."""
    return await shipping.quote_of_shop(VendorId(vendor_id), Money(subtotal), Decimal(weight_kg), municipality_code)
