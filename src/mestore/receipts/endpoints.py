"""The address of an order's receipt."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.ids import OrderId
from mestore.orders.errors import OrderNotFound
from mestore.receipts.errors import NoReceipt, PrinterBusy
from mestore.receipts.service import ReceiptService
from mestore.users.current import CurrentBuyerOrAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/orders", tags=["orders"], route_class=StrictRoute)
_PDF = "application/pdf"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The receipt",
        "content": {_PDF: {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.3 …"}},
    }
}


@router.get(
    "/{order_id}/receipt",
    summary="Get the receipt of an order",
    response_class=Response,
    responses=_ANSWERS
    | refusals(NotSignedIn, WrongAccountType, SecondFactorNeeded, OrderNotFound, NoReceipt, PrinterBusy),
)
async def see_receipt(
    order_id: Annotated[PathInt, Path()], user: CurrentBuyerOrAdmin, receipts: Annotated[ReceiptService, Depends()]
) -> Response:
    """A PDF in Spanish of an order that was paid, for its buyer and for administrators: who sold what, IVA by rate,
    shipping and total. It is no electronic invoice. The same order gives the same bytes, so `If-None-Match` works.
    """
    printed = await receipts.printed(user, OrderId(order_id))
    headers = {
        "Content-Disposition": f'attachment; filename="comprobante-{printed.order_number}.pdf"',
        "Cache-Control": "private, no-cache",
    }
    return Response(printed.content, media_type=_PDF, headers=headers)
