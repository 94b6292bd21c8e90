"""The address of a payment's slip."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.ids import PaymentId
from mestore.payments.errors import PaymentNotFound
from mestore.receipts.errors import NoSlip, PrinterBusy, SlipExpired, SlipNotPending
from mestore.receipts.slip_page import POLICY
from mestore.receipts.slip_service import SlipFormat, SlipService
from mestore.users.current import CurrentBuyerOrAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/payments", tags=["payments"], route_class=StrictRoute)
_TYPES = {SlipFormat.PDF: "application/pdf", SlipFormat.HTML: "text/html"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The slip",
        "content": {
            _TYPES[SlipFormat.PDF]: {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.3 …"},
            _TYPES[SlipFormat.HTML]: {"schema": {"type": "string"}, "example": "<!doctype html>…"},
        },
    }
}


@router.get(
    "/{payment_id}/slip",
    summary="Get the slip to pay in cash",
    response_class=Response,
    responses=_ANSWERS
    | refusals(
        *(NotSignedIn, WrongAccountType, SecondFactorNeeded, PaymentNotFound),
        *(NoSlip, SlipNotPending, SlipExpired, PrinterBusy),
    ),
)
async def see_slip(
    payment_id: Annotated[PathInt, Path(examples=[55])],
    user: CurrentBuyerOrAdmin,
    slips: Annotated[SlipService, Depends()],
    kind: Annotated[SlipFormat, Query(alias="format")] = SlipFormat.PDF,
) -> Response:
    """In Spanish, to be printed or shown at a counter, for its buyer and for administrators: the code, the barcode
    where there is one, the amount, until when it is taken and how. `Accept` is not read: `format` alone says which it
    is. The same slip gives the same bytes, so `If-None-Match` works.
    """
    printed = await slips.printed(user, PaymentId(payment_id), kind)
    headers = {"Cache-Control": "private, no-cache"}
    if kind is SlipFormat.HTML:
        headers["Content-Security-Policy"] = POLICY
    else:
        headers["Content-Disposition"] = f'attachment; filename="recibo-{printed.order_number}.pdf"'
    return Response(printed.content, media_type=_TYPES[kind], headers=headers)
