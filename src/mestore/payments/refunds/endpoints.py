"""Money that goes back: as its buyer sees it, and where administrators wish it and say that it was sent."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId, PaymentId, RefundId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.orders.errors import OrderNotFound
from mestore.payments.errors import (
    ItemNotOfPayment,
    NothingToPayOut,
    NothingWasPaid,
    PackageNeeded,
    PaymentNotFound,
    PaymentNotRefundable,
    PaymentUnderReview,
    RefundBeyondPayment,
    RefundNotFound,
    RefundNotOpen,
    UnitsPaidBack,
)
from mestore.payments.models import Refund
from mestore.payments.refunds.asked import AskedRefunds
from mestore.payments.refunds.schemas import (
    AdminRefundOut,
    DestinationIn,
    OrderRefundsOut,
    RefundIn,
    RefundMadeIn,
    RefundTakenOverIn,
)
from mestore.payments.refunds.service import OrderRefunds, RefundService
from mestore.payments.states import RefundStatus
from mestore.users.current import CurrentAdmin, CurrentBuyer
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/orders", tags=["orders"], route_class=StrictRoute)
payment_router = APIRouter(prefix="/payments", tags=["payments"], route_class=StrictRoute)
admin_router = APIRouter(prefix="/admin/refunds", tags=["admin"], route_class=StrictRoute)
Refunds = Annotated[RefundService, Depends()]
Asked = Annotated[AskedRefunds, Depends()]
RefundPath = Annotated[PathInt, Path()]
_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)
_REFUND = TypeAdapter(AdminRefundOut)


@router.get(
    "/{order_id}/refunds",
    summary="See what I get back of my order",
    response_model=OrderRefundsOut,
    responses=refusals(NotSignedIn, WrongAccountType, OrderNotFound),
)
async def list_refunds_of_order(
    order_id: Annotated[PathInt, Path(examples=[123])], buyer: CurrentBuyer, refunds: Refunds
) -> OrderRefunds:
    """What was cancelled or returned, how much of it goes back (COP), and by when."""
    return await refunds.of_buyer(buyer, OrderId(order_id))


@router.put(
    "/{order_id}/refunds/destination",
    summary="Say where I want my money back",
    response_model=OrderRefundsOut,
    responses=refusals(NotSignedIn, WrongAccountType, OrderNotFound, NothingToPayOut),
)
async def set_refund_destination(
    order_id: Annotated[PathInt, Path(examples=[123])],
    body: Annotated[DestinationIn, Body()],
    buyer: CurrentBuyer,
    refunds: Refunds,
) -> OrderRefunds:
    """A bank account or a Bre-B key, for what was not paid by card: all of the order that is MANUAL gets it.

    Administrators see it whole, you see its end.
    """
    return await refunds.want_paid_out(buyer, OrderId(order_id), body.model_dump())


@payment_router.post(
    "/{payment_id}/refunds",
    status_code=201,
    summary="Pay back a part of a payment, or all of it",
    response_model=AdminRefundOut,
    responses=refusals(
        *_OF_STAFF,
        PaymentNotFound,
        PaymentNotRefundable,
        PaymentUnderReview,
        PackageNeeded,
        ItemNotOfPayment,
        UnitsPaidBack,
        NothingWasPaid,
        RefundBeyondPayment,
        IdempotencyKeyInUse,
        IdempotencyKeyReused,
    ),
)
async def refund_payment(
    payment_id: Annotated[PathInt, Path(examples=[55])],
    body: RefundIn,
    admin: CurrentAdmin,
    asked: Asked,
    once: OnceDep,
) -> Response:
    """Units at what was paid for them, with IVA and after discounts (with the last of a package, its shipping too), or
    an amount of a package. Its shop's commission is reversed in proportion. A card's money goes back by its gateway.
    """
    return await once.answer(admin.id, 201, lambda: asked.open(admin, PaymentId(payment_id), body), _REFUND)


@admin_router.get(
    "",
    summary="List the money that goes back",
    response_model=Page[AdminRefundOut],
    responses=refusals(*_OF_STAFF, BadCursor),
)
async def list_refunds(
    _admin: CurrentAdmin,
    refunds: Refunds,
    status: Annotated[RefundStatus | None, Query()] = None,
    overdue: Annotated[bool, Query(description="Only those that are late")] = False,
    order_id: Annotated[PathInt | None, Query(description="Only those of this order")] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Refund]:
    """The newest first."""
    order = OrderId(order_id) if order_id is not None else None
    return await refunds.page(status, order, limit, cursor, overdue=overdue, count=total)


@admin_router.get(
    "/{refund_id}",
    summary="See a refund",
    response_model=AdminRefundOut,
    responses=refusals(*_OF_STAFF, RefundNotFound),
)
async def see_refund(refund_id: RefundPath, _admin: CurrentAdmin, refunds: Refunds) -> Refund:
    return await refunds.get(RefundId(refund_id))


@admin_router.post(
    "/{refund_id}/complete",
    summary="Say that a refund was sent",
    response_model=AdminRefundOut,
    responses=refusals(
        *_OF_STAFF,
        RefundNotFound,
        RefundNotOpen,
        PaymentNotRefundable,
        RefundBeyondPayment,
        IdempotencyKeyInUse,
        IdempotencyKeyReused,
    ),
)
async def complete_refund(
    refund_id: RefundPath, body: RefundMadeIn, admin: CurrentAdmin, refunds: Refunds, once: OnceDep
) -> Response:
    """Once, with the bank's number. With the last of what was paid, an order of which nothing is left is REFUNDED."""
    return await once.answer(
        admin.id, 200, lambda: refunds.complete(admin, RefundId(refund_id), body.reference), _REFUND
    )


@admin_router.post(
    "/{refund_id}/pay-out",
    summary="Say that its gateway did not send a refund",
    response_model=AdminRefundOut,
    responses=refusals(*_OF_STAFF, RefundNotFound, RefundNotOpen, IdempotencyKeyInUse, IdempotencyKeyReused),
)
async def take_over_refund(
    refund_id: RefundPath, body: RefundTakenOverIn, admin: CurrentAdmin, refunds: Refunds, once: OnceDep
) -> Response:
    """Of one about which the gateway has said nothing for days, and a case is open. It is MANUAL then: its buyer says
    where the money is to go, and you pay it out.
    """
    return await once.answer(admin.id, 200, lambda: refunds.take_over(admin, RefundId(refund_id), body.reason), _REFUND)
