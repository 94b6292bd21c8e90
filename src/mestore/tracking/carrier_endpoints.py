"""Where carriers tell of packages: a signed body is believed, everything else is not looked at."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints, ValidationError
from starlette.responses import Response

from mestore.core.boundary import StrictRoute, parse_json
from mestore.core.documentation import refusals
from mestore.core.wiring import CurrentSettings
from mestore.tracking import signatures
from mestore.tracking.errors import MomentBeforeShipment, MomentInTheFuture, WrongCarrierSignature
from mestore.tracking.schemas import CarrierEventIn, CarrierEventReceived
from mestore.tracking.service import Announcement, Told, TrackingService

router = APIRouter(prefix="/carriers", tags=["carriers"], route_class=StrictRoute)
CarrierPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$"), Field(examples=["servientrega"])]
Signature = Annotated[str, StringConstraints(max_length=200)]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {
                    "event_id": "ev-90817",
                    "guide_number": "2259637412",
                    "status": "OUT_FOR_DELIVERY",
                    "at": "2026-11-24T15:04:05Z",
                    "place": "Medellín",
                    "message": "Sale en la ruta de la mañana",
                },
            }
        },
    }
}


@router.post(
    "/{carrier}/events",
    summary="Receive an event of a carrier",
    responses={
        202: {"description": "No package travels under this guide number", "model": CarrierEventReceived},
        **refusals(WrongCarrierSignature, MomentInTheFuture, MomentBeforeShipment),
    },
    openapi_extra=_BODY,
)
async def receive_carrier_event(
    carrier: Annotated[CarrierPath, Path(description="By the name under which its secret is kept")],
    request: Request,
    response: Response,
    settings: CurrentSettings,
    tracking: Annotated[TrackingService, Depends()],
    signature: Annotated[
        Signature | None,
        Header(alias=signatures.HEADER, description="`sha256=` and the HMAC-SHA256 of the raw body, in hexadecimal"),
    ] = None,
) -> CarrierEventReceived:
    """Verified on the raw body. In whatever order they come and however often, each event has its effect once."""
    raw = await request.body()
    signatures.verify(settings, carrier, raw, signature)
    event = _event(raw)
    told = Told(event.status, event.at, event.place, event.message)
    known = await tracking.announced(Announcement(carrier, event.event_id, event.guide_number, told))
    if not known:
        response.status_code = 202
    return CarrierEventReceived(known=known)


def _event(raw: bytes) -> CarrierEventIn:
    try:
        return CarrierEventIn.model_validate(parse_json(raw))
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error
