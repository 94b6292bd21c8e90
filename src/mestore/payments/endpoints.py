"""The payments' addresses."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId
from mestore.core.wiring import TheWorld
from mestore.orders.errors import OrderNotFound
from mestore.payments import webhooks
from mestore.payments.errors import GatewayAway, OrderNotPayable, PaymentInProgress, WrongSignature
from mestore.payments.models import Payment
from mestore.payments.schemas import AttemptOut, OrderPayments, ProcessIn, WebhookReceived
from mestore.payments.service import OrderPaymentsView, PaymentService
from mestore.payments.states import PaymentStatus
from mestore.users.current import CurrentBuyer
from mestore.users.errors import NotSignedIn, WrongAccountType

router = APIRouter(prefix="/payments", tags=["payments"], route_class=StrictRoute)
Payments = Annotated[PaymentService, Depends()]
_ATTEMPT = TypeAdapter(AttemptOut)
_EVENT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {
                    "event": "transaction.updated",
                    "data": {
                        "transaction": {
                            "id": "12066420-1791226107-72286",
                            "status": "APPROVED",
                            "amount_in_cents": 15000000,
                        }
                    },
                    "environment": "test",
                    "signature": {
                        "properties": ["transaction.id", "transaction.status", "transaction.amount_in_cents"],
                        "checksum": "1f8fc0843eb8959d1a633ca30155eac8075afa95a936608f58eb77b75b56de3f",
                    },
                    "timestamp": 1791226115,
                },
            }
        },
    }
}


def _status(payment: Payment) -> int:
    return 202 if payment.status is PaymentStatus.PROCESSING else 200


@router.post(
    "/process",
    summary="Pay an order",
    response_model=AttemptOut,
    responses={
        202: {"description": "The gateway's answer is not known yet. Do not pay again.", "model": AttemptOut},
        **refusals(
            NotSignedIn,
            WrongAccountType,
            OrderNotFound,
            OrderNotPayable,
            PaymentInProgress,
            GatewayAway,
            IdempotencyKeyInUse,
            IdempotencyKeyReused,
        ),
    },
)
async def process_payment(
    body: Annotated[ProcessIn, Body()], buyer: CurrentBuyer, payments: Payments, once: OnceDep
) -> Response:
    """Send the buyer to `payment_url`, then ask `status/order/{order_id}`: only that says whether the order is paid."""
    return await once.answer(buyer.id, _status, lambda: payments.process(buyer, body, resumed=once.resumed), _ATTEMPT)


@router.get(
    "/status/order/{order_id}",
    summary="See whether my order is paid",
    response_model=OrderPayments,
    responses=refusals(NotSignedIn, WrongAccountType, OrderNotFound),
)
async def status_of_order(
    order_id: Annotated[PathInt, Path()], buyer: CurrentBuyer, payments: Payments
) -> OrderPaymentsView:
    return await payments.status_of_order(buyer, OrderId(order_id))


@router.post(
    "/webhook",
    summary="Receive an event of Wompi",
    responses=refusals(WrongSignature),
    openapi_extra=_EVENT_BODY,
)
async def receive_wompi_event(request: Request, world: TheWorld) -> WebhookReceived:
    """Verified on the raw body by its checksum. It is stored once, and a job asks Wompi before anything moves."""
    await webhooks.receive(world, "wompi", await request.body())
    return WebhookReceived()
