"""The vendors' side: their packages, from payment to the carrier."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.ids import OrderId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.orders.errors import GuideNumberTaken, IllegalPackageMove, OrderNotFound, OrderNotPaid, ShipmentNeeded
from mestore.orders.moves import OrderMoves
from mestore.orders.schemas import PackageStatusIn, ShipmentIn, VendorOrderOut, VendorOrderSummary
from mestore.orders.state_service import Shipment
from mestore.orders.states import PackageStatus
from mestore.orders.vendor_repository import PackageFilter, VendorOrder
from mestore.orders.vendor_service import VendorOrderService
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/vendor/orders", tags=["vendor orders"], route_class=StrictRoute)
Orders = Annotated[VendorOrderService, Depends()]
Moves = Annotated[OrderMoves, Depends()]
OrderPath = Annotated[PathInt, Path(examples=[123])]
_OF_A_VENDOR = (NotSignedIn, WrongAccountType, VendorNotFound)


@router.get(
    "",
    summary="List what I have to send",
    response_model=Page[VendorOrderSummary],
    responses=refusals(*_OF_A_VENDOR, BadCursor),
)
async def list_vendor_orders(
    vendor: CurrentVendor,
    orders: Orders,
    status: Annotated[PackageStatus | None, Query()] = None,
    since: Annotated[date | None, Query(description="Paid on this day or later, Colombian time")] = None,
    until: Annotated[date | None, Query(description="Paid on this day or before")] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[VendorOrder]:
    """My packages of paid orders, the newest first, each with its lines."""
    return await orders.page(vendor, PackageFilter(status, since, until), limit, cursor, count=total)


@router.get(
    "/{order_id}",
    summary="See my part of an order",
    response_model=VendorOrderOut,
    responses=refusals(*_OF_A_VENDOR, OrderNotFound),
)
async def see_vendor_order(order_id: OrderPath, vendor: CurrentVendor, orders: Orders) -> VendorOrder:
    return await orders.one(vendor, OrderId(order_id))


@router.patch(
    "/{order_id}/status",
    summary="Prepare my package, or call it off",
    response_model=VendorOrderOut,
    responses=refusals(*_OF_A_VENDOR, OrderNotFound, OrderNotPaid, IllegalPackageMove, ShipmentNeeded),
)
async def move_package(
    order_id: OrderPath, body: PackageStatusIn, vendor: CurrentVendor, moves: Moves, orders: Orders
) -> VendorOrder:
    """PREPARING, READY_TO_SHIP, or CANCELLED: then its money goes back, and the rest of the order goes on."""
    to = PackageStatus(body.status)
    if to is PackageStatus.SHIPPED:
        raise ShipmentNeeded
    await moves.prepare(vendor, OrderId(order_id), to, body.reason)
    return await orders.one(vendor, OrderId(order_id))


@router.post(
    "/{order_id}/shipment",
    summary="Ship my package",
    response_model=VendorOrderOut,
    responses=refusals(*_OF_A_VENDOR, OrderNotFound, OrderNotPaid, IllegalPackageMove, GuideNumberTaken),
)
async def ship_package(
    order_id: OrderPath, body: ShipmentIn, vendor: CurrentVendor, moves: Moves, orders: Orders
) -> VendorOrder:
    """Names its carrier and guide number; the package and, with the last of its packages, the order are SHIPPED. While
    it is on its way, doing it again corrects the number.
    """
    await moves.ship(vendor, OrderId(order_id), Shipment(body.carrier, body.guide_number))
    return await orders.one(vendor, OrderId(order_id))
