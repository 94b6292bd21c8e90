"""Paying in two steps: an intent says what is to be paid and how; confirming it pays, once."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import PaymentIntentId
from mestore.core.wiring import CurrentSettings
from mestore.orders.errors import OrderNotFound
from mestore.payments.endpoints import ATTEMPT, Sitting, answers, status_of
from mestore.payments.errors import IntentConfirmed, IntentExpired, IntentNotFound, OrderNotPayable
from mestore.payments.intents.schemas import ConfirmIn, IntentIn, IntentOut
from mestore.payments.intents.service import IntentService
from mestore.payments.schemas import AttemptOut
from mestore.payments.slips import shown
from mestore.users.current import CurrentBuyer
from mestore.users.errors import NotSignedIn, WrongAccountType

router = APIRouter(prefix="/payments", tags=["payments"], route_class=StrictRoute)
TheIntents = Annotated[IntentService, Depends()]
_INTENT = TypeAdapter(IntentOut)


@router.post(
    "/create-intent",
    status_code=201,
    summary="Say what I am going to pay",
    response_model=IntentOut,
    responses=refusals(
        NotSignedIn, WrongAccountType, OrderNotFound, OrderNotPayable, IdempotencyKeyInUse, IdempotencyKeyReused
    ),
)
async def create_intent(
    body: Annotated[IntentIn, Body()], buyer: CurrentBuyer, intents: TheIntents, once: OnceDep
) -> Response:
    """No gateway is called yet. Confirm it before it expires."""
    return await once.answer(buyer.id, 201, lambda: intents.create(buyer, body), _INTENT)


@router.post(
    "/confirm",
    summary="Pay what an intent says",
    response_model=AttemptOut,
    responses=answers("wompi", IntentNotFound, IntentExpired, IntentConfirmed),
)
async def confirm_intent(
    body: Annotated[ConfirmIn, Body()],
    buyer: CurrentBuyer,
    intents: TheIntents,
    settings: CurrentSettings,
    device: Sitting,
    once: OnceDep,
) -> Response:
    """As `process`. An intent is confirmed once: of two requests at the same moment one is refused."""

    async def pay() -> AttemptOut:
        return shown(await intents.confirm(buyer, body, device, resumed=once.resumed), settings)

    return await once.answer(buyer.id, status_of, pay, ATTEMPT)


@router.get(
    "/status/{intent_id}",
    summary="See what became of my intent",
    responses=refusals(NotSignedIn, WrongAccountType, IntentNotFound),
)
async def status_of_intent(intent_id: Annotated[Uuid, Path()], buyer: CurrentBuyer, intents: TheIntents) -> IntentOut:
    return await intents.see(buyer, PaymentIntentId(intent_id))
