"""All orders, for administrators."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field, StringConstraints

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import OrderId, UserId, VendorId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.orders.errors import OrderNotFound
from mestore.orders.models import Order
from mestore.orders.repository import OrderFilter
from mestore.orders.schemas import OrderOut, OrderSummary
from mestore.orders.service import OrderService
from mestore.orders.states import OrderStatus
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/orders", tags=["admin"], route_class=StrictRoute)
Orders = Annotated[OrderService, Depends()]
_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)
Number = Annotated[
    str,
    StringConstraints(pattern=r"^ORD-[0-9]{8}-[2-9A-HJ-NP-Z]{8}$"),
    Field(examples=["ORD-20261124-7KQ2M9XD"]),
]


@router.get(
    "",
    summary="List all orders",
    response_model=Page[OrderSummary],
    responses=refusals(*_OF_STAFF, BadCursor),
)
async def list_all_orders(
    _admin: CurrentAdmin,
    orders: Orders,
    status: Annotated[OrderStatus | None, Query()] = None,
    since: Annotated[date | None, Query(description="Placed on this day or later, Colombian time")] = None,
    until: Annotated[date | None, Query(description="Placed on this day or before")] = None,
    buyer_id: Annotated[Uuid | None, Query()] = None,
    vendor_id: Annotated[Uuid | None, Query(description="Orders with a package of this vendor")] = None,
    order_number: Annotated[Number | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Order]:
    wanted = OrderFilter(
        status=status,
        since=since,
        until=until,
        buyer_id=UserId(buyer_id) if buyer_id else None,
        vendor_id=VendorId(vendor_id) if vendor_id else None,
        order_number=order_number,
    )
    return await orders.page(wanted, limit, cursor, count=total)


@router.get(
    "/{order_id}",
    summary="See any order",
    response_model=OrderOut,
    responses=refusals(*_OF_STAFF, OrderNotFound),
)
async def see_any_order(order_id: Annotated[PathInt, Path()], _admin: CurrentAdmin, orders: Orders) -> Order:
    return await orders.whole(OrderId(order_id))
