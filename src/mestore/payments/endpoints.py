"""Paying: the payments' addresses for buyers."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Query
from pydantic import StringConstraints, TypeAdapter
from starlette.responses import Response

from mestore.auth.device import CurrentDevice
from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.errors import Refusal
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import OrderId, PaymentId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.core.wiring import CurrentSettings, made_here
from mestore.orders.errors import OrderNotFound
from mestore.payments.attempts import Wanted
from mestore.payments.errors import GatewayAway, OrderNotPayable, PaymentInProgress, PaymentNotFound, TooManySlips
from mestore.payments.examples import not_known, waiting
from mestore.payments.gateways.base import Device
from mestore.payments.gateways.payu import PayuGateway
from mestore.payments.models import Payment
from mestore.payments.schemas import (
    AttemptOut,
    OrderPayments,
    PayByEfecty,
    PaymentEvents,
    PaymentOut,
    PayuIn,
    ProcessIn,
)
from mestore.payments.service import OrderPaymentsView, PaymentService, Way
from mestore.payments.slips import shown
from mestore.payments.states import PaymentStatus
from mestore.users.current import CurrentBuyer, CurrentBuyerOrAdmin, CurrentSession
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/payments", tags=["payments"], route_class=StrictRoute)
Payments = Annotated[PaymentService, made_here(PaymentService)]
DeviceHeader = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{8,128}$")] | None,
    Header(alias="X-Device-Id", description="What your pages call this device, where they can tell one from another"),
]
ATTEMPT = TypeAdapter(AttemptOut)


def answers(gateway: str, *more: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """What an address that begins a payment, as through this gateway, answers; `more` are the refusals of its own."""
    not_known_yet = {"description": "The gateway's answer is not known yet. Do not pay again.", "model": AttemptOut}
    return {
        200: waiting(gateway),
        202: not_known_yet | not_known(gateway),
        **refusals(
            *(NotSignedIn, WrongAccountType, OrderNotFound, OrderNotPayable, PaymentInProgress, TooManySlips),
            *(GatewayAway, IdempotencyKeyInUse, IdempotencyKeyReused, *more),
        ),
    }


def status_of(attempt: AttemptOut) -> int:
    return 202 if attempt.status is PaymentStatus.PROCESSING else 200


async def sitting(caller: CurrentSession, device: CurrentDevice, device_id: DeviceHeader = None) -> Device | None:
    """Where the buyer sits; None on a Unix socket, which has no address."""
    if device.ip is None:
        return None
    return Device(device.ip, device.user_agent or "", str(caller.session.id), device_id)


Sitting = Annotated[Device | None, Depends(sitting)]


class Paying:
    """One request to pay, answered once for its key."""

    def __init__(
        self, buyer: CurrentBuyer, payments: Payments, settings: CurrentSettings, device: Sitting, once: OnceDep
    ) -> None:
        self._buyer = buyer
        self._payments = payments
        self._settings = settings
        self._device = device
        self._once = once

    async def answer(self, wanted: Wanted, through: str | None = None) -> Response:
        async def pay() -> AttemptOut:
            way = Way(self._device, through, resumed=self._once.resumed)
            return shown(await self._payments.process(self._buyer, wanted, way), self._settings)

        return await self._once.answer(self._buyer.id, status_of, pay, ATTEMPT)


Pay = Annotated[Paying, made_here(Paying)]


@router.post("/process", summary="Pay an order", response_model=AttemptOut, responses=answers("wompi"))
async def process_payment(body: Annotated[ProcessIn, Body()], pay: Pay) -> Response:
    """Send the buyer to `payment_url`, then ask `status/order/{order_id}`: only that says whether the order is paid.

    The first gateway that the method goes to is asked; another only when the first surely charged nothing.
    """
    return await pay.answer(body)


@router.post("/process/payu", summary="Pay an order through PayU", response_model=AttemptOut, responses=answers("payu"))
async def process_payment_by_payu(body: Annotated[PayuIn, Body()], pay: Pay) -> Response:
    """As `process`, but no other gateway is asked. A card is typed on PayU's page: POST `form` to `payment_url`."""
    return await pay.answer(body, PayuGateway.name)


@router.post("/process/efecty", summary="Pay an order in cash", response_model=AttemptOut, responses=answers("efecty"))
async def process_payment_by_efecty(body: Annotated[PayByEfecty, Body()], pay: Pay) -> Response:
    """A slip that is paid at any of Efecty's counters: `instructions` say how, and until when."""
    return await pay.answer(body)


@router.get(
    "",
    summary="List my payments",
    response_model=Page[PaymentOut],
    responses=refusals(NotSignedIn, WrongAccountType, BadCursor),
)
async def list_payments(
    buyer: CurrentBuyer,
    payments: Payments,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[Payment]:
    """All attempts to pay, the newest first."""
    return await payments.of_buyer(buyer, limit, cursor, count=total)


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


@router.get(
    "/{payment_id}/events",
    summary="See what the gateway said of a payment",
    responses=refusals(NotSignedIn, WrongAccountType, SecondFactorNeeded, PaymentNotFound),
)
async def list_payment_events(
    payment_id: Annotated[PathInt, Path(examples=[55])], user: CurrentBuyerOrAdmin, payments: Payments
) -> PaymentEvents:
    """Of one's own, for administrators of any; the oldest first. What was paid follows from them alone."""
    events = await payments.events(user, PaymentId(payment_id))
    return PaymentEvents.model_validate({"payment_id": payment_id, "events": events}, from_attributes=True)
