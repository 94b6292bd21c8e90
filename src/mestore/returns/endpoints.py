"""Where buyers send goods back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId, ReturnId
from mestore.orders.errors import OrderNotFound
from mestore.returns.errors import (
    IllegalReturnMove,
    ItemNotInOrder,
    ItemNotReturnable,
    PackageNotDelivered,
    ReturnNotFound,
    ReturnPeriodOver,
    SeveralPackages,
    TooManyUnitsToReturn,
)
from mestore.returns.models import Return
from mestore.returns.schemas import OrderReturnsOut, ReturnIn, ReturnOut, ReturnShipmentIn
from mestore.returns.service import OrderReturns, ReturnService
from mestore.users.current import CurrentBuyer
from mestore.users.errors import NotSignedIn, WrongAccountType

router = APIRouter(prefix="/orders/{order_id}/returns", tags=["returns"], route_class=StrictRoute)
Returns = Annotated[ReturnService, Depends()]
OrderPath = Annotated[PathInt, Path(examples=[123])]
ReturnPath = Annotated[PathInt, Path()]
_OF_A_BUYER = (NotSignedIn, WrongAccountType, OrderNotFound)
_RETURN = TypeAdapter(ReturnOut)


@router.post(
    "",
    summary="Ask to return what I got",
    status_code=201,
    response_model=ReturnOut,
    responses=refusals(
        *_OF_A_BUYER,
        ItemNotInOrder,
        SeveralPackages,
        PackageNotDelivered,
        ReturnPeriodOver,
        ItemNotReturnable,
        TooManyUnitsToReturn,
        IdempotencyKeyInUse,
        IdempotencyKeyReused,
    ),
)
async def request_return(
    order_id: OrderPath, body: ReturnIn, buyer: CurrentBuyer, returns: Returns, once: OnceDep
) -> Response:
    """Retracto (Ley 1480 de 2011, art. 47): within five working days after delivery, without a reason, items of one
    package. Their price goes back within 15 days, and its shipping when nothing of the package is kept.
    """
    return await once.answer(buyer.id, 201, lambda: returns.request(buyer, OrderId(order_id), body), _RETURN)


@router.get(
    "",
    summary="See my returns of an order",
    response_model=OrderReturnsOut,
    responses=refusals(*_OF_A_BUYER),
)
async def list_returns_of_order(order_id: OrderPath, buyer: CurrentBuyer, returns: Returns) -> OrderReturns:
    return await returns.of_order(buyer, OrderId(order_id))


@router.post(
    "/{return_id}/shipment",
    summary="Say how my return is sent",
    response_model=ReturnOut,
    responses=refusals(*_OF_A_BUYER, ReturnNotFound, IllegalReturnMove),
)
async def ship_return(
    order_id: OrderPath, return_id: ReturnPath, body: ReturnShipmentIn, buyer: CurrentBuyer, returns: Returns
) -> Return:
    """Once it is approved. While it is on its way, doing it again corrects the number."""
    return await returns.ship(buyer, OrderId(order_id), ReturnId(return_id), body)
