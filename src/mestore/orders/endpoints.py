"""The orders' addresses, as their buyer uses them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.catalog.errors import OutOfStock, ProductUnavailable
from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.orders.errors import OrderNotFound, TooManyUnits
from mestore.orders.models import Order
from mestore.orders.schemas import OrderIn, OrderOut, OrderSummary
from mestore.orders.service import OrderService
from mestore.users.current import CurrentBuyer
from mestore.users.errors import NotSignedIn, WrongAccountType

router = APIRouter(prefix="/orders", tags=["orders"], route_class=StrictRoute)
Orders = Annotated[OrderService, Depends()]
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
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Order]:
    return await orders.page_of_buyer(buyer.id, limit, cursor, count=total)


@router.get(
    "/{order_id}",
    summary="See my order",
    response_model=OrderOut,
    responses=refusals(NotSignedIn, WrongAccountType, OrderNotFound),
)
async def see_order(order_id: Annotated[PathInt, Path()], buyer: CurrentBuyer, orders: Orders) -> Order:
    return await orders.of_buyer(buyer.id, OrderId(order_id))
