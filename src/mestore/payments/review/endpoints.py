"""Where administrators see payments, and decide about those that look like fraud."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field, TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId, PaymentId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.payments.errors import OrderNotConfirmable, PaymentNotFound, PaymentNotUnderReview
from mestore.payments.models import Payment
from mestore.payments.review.repository import PaymentFilter
from mestore.payments.review.schemas import AdminPaymentOut, PaymentViewOut, RejectPaymentIn
from mestore.payments.review.service import PaymentView, ReviewService
from mestore.payments.states import PaymentStatus
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/payments", tags=["admin"], route_class=StrictRoute)
Review = Annotated[ReviewService, Depends()]
PaymentPath = Annotated[PathInt, Path(examples=[55])]
Score = Annotated[int, Field(strict=False, ge=0, le=100)]
_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)
_ONCE = (IdempotencyKeyInUse, IdempotencyKeyReused)
_VIEW = TypeAdapter(PaymentViewOut)


@router.get(
    "",
    summary="List all payments",
    response_model=Page[AdminPaymentOut],
    responses=refusals(*_OF_STAFF, BadCursor),
)
async def list_all_payments(
    _admin: CurrentAdmin,
    review: Review,
    status: Annotated[PaymentStatus | None, Query()] = None,
    under_review: Annotated[
        bool | None, Query(description="Only those that wait for a decision, or only others")
    ] = None,
    fraud_score_from: Annotated[Score | None, Query(description="Only those at least so suspicious")] = None,
    order_id: Annotated[PathInt | None, Query(description="Only those of this order")] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Payment]:
    """The newest first."""
    order = OrderId(order_id) if order_id is not None else None
    wanted = PaymentFilter(status, under_review, fraud_score_from, order)
    return await review.page(wanted, limit, cursor, count=total)


@router.get(
    "/{payment_id}",
    summary="See any payment",
    response_model=PaymentViewOut,
    responses=refusals(*_OF_STAFF, PaymentNotFound),
)
async def see_any_payment(payment_id: PaymentPath, _admin: CurrentAdmin, review: Review) -> PaymentView:
    """What its gateway said, why it looks like fraud, and the cases about it."""
    return await review.see(PaymentId(payment_id))


@router.post(
    "/{payment_id}/approve",
    summary="Approve a payment under review",
    response_model=PaymentViewOut,
    responses=refusals(*_OF_STAFF, PaymentNotFound, PaymentNotUnderReview, OrderNotConfirmable, *_ONCE),
)
async def approve_payment(payment_id: PaymentPath, admin: CurrentAdmin, review: Review, once: OnceDep) -> Response:
    """Its order is confirmed. Of an order that nobody cancelled but the time: if all of it is still in stock."""
    return await once.answer(admin.id, 200, lambda: review.approve(admin, PaymentId(payment_id)), _VIEW)


@router.post(
    "/{payment_id}/reject",
    summary="Reject a payment under review",
    response_model=PaymentViewOut,
    responses=refusals(*_OF_STAFF, PaymentNotFound, PaymentNotUnderReview, *_ONCE),
)
async def reject_payment(
    payment_id: PaymentPath, body: RejectPaymentIn, admin: CurrentAdmin, review: Review, once: OnceDep
) -> Response:
    """Its order is cancelled, and all of the money is owed back: there is a refund for it."""
    return await once.answer(admin.id, 200, lambda: review.reject(admin, PaymentId(payment_id), body.reason), _VIEW)
