"""What can be paid with now. Whoever visits the shop may know."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mestore.core.boundary import StrictRoute
from mestore.payments.offers.schemas import ConfigOut, HealthOut, MethodsOut
from mestore.payments.offers.service import Offers

router = APIRouter(prefix="/payments", tags=["payments"], route_class=StrictRoute)
TheOffers = Annotated[Offers, Depends()]


@router.get("/config", summary="See the public keys of the gateways")
async def see_payment_config(offers: TheOffers) -> ConfigOut:
    return offers.config()


@router.get("/methods", summary="See what can be paid with now")
async def list_payment_methods(offers: TheOffers) -> MethodsOut:
    """Only what is configured and works at the moment; banks of PSE, limits, and instalments."""
    return await offers.methods()


@router.get("/health", summary="See how the gateways do")
async def see_gateways_health(offers: TheOffers) -> HealthOut:
    """Whether each is asked to charge, and when it last answered and last failed."""
    return await offers.health()
