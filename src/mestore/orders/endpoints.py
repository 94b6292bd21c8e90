"""The orders' addresses, as their buyers use them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.catalog.errors import OutOfStock, ProductUnavailable
from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId, PackageId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.core.wiring import made_here
from mestore.orders.errors import (
    IllegalMove,
    IllegalPackageMove,
    MunicipalityUnknown,
    NotYourMove,
    OrderNotFound,
    OrderNotPaid,
    PackageNotFound,
    SomethingShipped,
    TooManyUnits,
)
from mestore.orders.models import Order
from mestore.orders.moves import OrderMoves
from mestore.orders.repository import OrderFilter
from mestore.orders.schemas import CancelIn, OrderIn, OrderOut, OrderStateOut, OrderSummary, StatusIn
from mestore.orders.service import OrderService
from mestore.orders.states import Actor, OrderStatus
from mestore.users.current import CurrentAnybody, CurrentBuyer
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/orders", tags=["orders"], route_class=StrictRoute)
Orders = Annotated[OrderService, made_here(OrderService)]
Moves = Annotated[OrderMoves, Depends()]
OrderPath = Annotated[PathInt, Path(examples=[123])]
_ORDER = TypeAdapter(OrderOut)


@router.post(
    "",
    summary="Place an order",
    status_code=201,
    response_model=OrderOut,
    responses=refusals(
        NotSignedIn,
        WrongAccountType,
        OutOfStock,
        ProductUnavailable,
        MunicipalityUnknown,
        TooManyUnits,
        IdempotencyKeyInUse,
        IdempotencyKeyReused,
    ),
)
async def place_order(body: OrderIn, buyer: CurrentBuyer, orders: Orders, once: OnceDep) -> Response:
    """Reserves the stock, freezes prices and IVA, computes the totals (COP). Unpaid, the order is held for an hour."""
    return await once.answer(buyer.id, 201, lambda: orders.place(buyer.id, body), _ORDER)


@router.get(
    "",
    summary="List my orders, newest first",
    response_model=Page[OrderSummary],
    responses=refusals(NotSignedIn, WrongAccountType, BadCursor),
)
async def list_orders(
    buyer: CurrentBuyer,
    orders: Orders,
    status: Annotated[OrderStatus | None, Query()] = None,
    since: Annotated[date | None, Query(description="Placed on this day or later, Colombian time")] = None,
    until: Annotated[date | None, Query(description="Placed on this day or before")] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Order]:
    wanted = OrderFilter(status=status, since=since, until=until, buyer_id=buyer.id)
    return await orders.page(wanted, limit, cursor, count=total)


@router.get(
    "/{order_id}",
    summary="See my order",
    response_model=OrderOut,
    responses=refusals(NotSignedIn, WrongAccountType, OrderNotFound),
)
async def see_order(order_id: OrderPath, buyer: CurrentBuyer, orders: Orders) -> Order:
    return await orders.of_buyer(buyer.id, OrderId(order_id))


@router.patch(
    "/{order_id}/status",
    summary="Move an order along its states",
    response_model=OrderOut | OrderStateOut,
    responses=refusals(
        NotSignedIn, SecondFactorNeeded, NotYourMove, OrderNotFound, IllegalMove, IllegalPackageMove, SomethingShipped
    ),
)
async def move_order(
    order_id: OrderPath, body: StatusIn, caller: CurrentAnybody, moves: Moves, orders: Orders
) -> OrderOut | OrderStateOut:
    """Its buyer or an administrator cancels it, its buyer receives it, a vendor starts its package. Moving it to where
    it is changes nothing. Other moves follow from payments and packages. A vendor sees no more of it than its state.
    """
    actor = await moves.change_status(caller, OrderId(order_id), body.status, body.reason)
    shape = OrderStateOut if actor is Actor.VENDOR else OrderOut
    return shape.model_validate(await orders.whole(OrderId(order_id)))


@router.post(
    "/{order_id}/cancel",
    summary="Cancel an order",
    response_model=OrderOut,
    responses=refusals(NotSignedIn, SecondFactorNeeded, OrderNotFound, IllegalMove, SomethingShipped),
)
async def cancel_order(
    order_id: OrderPath, body: CancelIn, caller: CurrentAnybody, moves: Moves, orders: Orders
) -> Order:
    """While nothing of it is shipped. What was paid goes back; done again, it changes nothing."""
    await moves.cancel(caller, OrderId(order_id), body.reason)
    return await orders.whole(OrderId(order_id))


@router.post(
    "/{order_id}/packages/{package_id}/receive",
    summary="Say that a package arrived",
    response_model=OrderOut,
    responses=refusals(NotSignedIn, WrongAccountType, OrderNotFound, PackageNotFound, OrderNotPaid, IllegalPackageMove),
)
async def receive_package(
    order_id: OrderPath, package_id: Annotated[PathInt, Path()], buyer: CurrentBuyer, moves: Moves, orders: Orders
) -> Order:
    """Retracto runs from now on. Said again, it changes nothing."""
    await moves.receive(buyer, OrderId(order_id), PackageId(package_id))
    return await orders.of_buyer(buyer.id, OrderId(order_id))
