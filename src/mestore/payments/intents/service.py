"""Intents of buyers: made for what can be paid, and confirmed once."""

from datetime import timedelta

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from mestore.core.database import Session
from mestore.core.ids import OrderId, PaymentIntentId
from mestore.core.wiring import TheWorld
from mestore.orders.service import OrderService
from mestore.orders.state_service import OrderStateService
from mestore.orders.states import OrderStatus
from mestore.payments.attempts import Wanted
from mestore.payments.errors import IntentConfirmed, IntentExpired, OrderNotPayable
from mestore.payments.gateways.base import Device
from mestore.payments.intents.repository import Intents, IntentView
from mestore.payments.intents.schemas import ConfirmIn, IntentIn, IntentOut, IntentStatus
from mestore.payments.models import Payment, PaymentIntent
from mestore.payments.schemas import PaymentOut, ProcessIn
from mestore.payments.service import PaymentService, Way
from mestore.users.models import User

_WANTED: TypeAdapter[Wanted] = TypeAdapter(ProcessIn)


class IntentService:
    def __init__(self, session: Session, world: TheWorld) -> None:
        self._settings = world.settings.payments
        self._orders = OrderService(session, world.settings, world.now)
        self._states = OrderStateService(session)
        self._intents = Intents(session)
        self._payments = PaymentService(session, world)

    async def create(self, buyer: User, wanted: IntentIn) -> IntentOut:
        """Raises:
        OrderNotFound: absent, or somebody else's.
        OrderNotPayable: it is paid, cancelled, or its hold is over.
        """
        order = await self._orders.of_buyer(buyer.id, OrderId(wanted.order_id))
        if order.status is not OrderStatus.PENDING or await self._states.hold_is_over(order.id):
            raise OrderNotPayable(order.status)
        intent = PaymentIntent(
            order_id=order.id,
            buyer_id=buyer.id,
            method=wanted.payment_method,
            amount=order.total_amount,
            return_url=wanted.return_url,
        )
        added = await self._intents.add(intent, timedelta(minutes=self._settings.intent_minutes))
        return _shown(IntentView(added, None, expired=False))

    async def confirm(self, buyer: User, said: ConfirmIn, device: Device | None, *, resumed: bool) -> Payment:
        """Pay it, as `PaymentService.process` does.

        Raises:
            IntentNotFound: absent, or somebody else's.
            IntentExpired, IntentConfirmed: it is good for no attempt.
            RequestValidationError: `payment_data` is not what the method needs.
        """
        found = await self._intents.of_buyer(buyer.id, PaymentIntentId(said.intent_id))
        intent = found.intent
        if found.payment is not None and not resumed:
            raise IntentConfirmed(found.payment.id)
        if found.payment is None and found.expired:
            raise IntentExpired
        wanted = _wanted(intent, said)
        return await self._payments.process(buyer, wanted, Way(device, intent=intent, resumed=resumed))

    async def see(self, buyer: User, intent_id: PaymentIntentId) -> IntentOut:
        """Raises:
        IntentNotFound: absent, or somebody else's.
        """
        return _shown(await self._intents.of_buyer(buyer.id, intent_id))


def _wanted(intent: PaymentIntent, said: ConfirmIn) -> Wanted:
    whole = {
        "order_id": intent.order_id,
        "payment_method": intent.method.value,
        "return_url": intent.return_url,
        "payment_data": said.payment_data,
    }
    try:
        return _WANTED.validate_python(whole)
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"][1:])} for each in error.errors(include_url=False)]
        ) from error


def _shown(view: IntentView) -> IntentOut:
    intent, payment = view.intent, view.payment
    status = IntentStatus.EXPIRED if view.expired else IntentStatus.CREATED
    return IntentOut(
        intent_id=intent.id,
        order_id=intent.order_id,
        payment_method=intent.method,
        amount=intent.amount,
        status=IntentStatus.CONFIRMED if payment is not None else status,
        expires_at=intent.expires_at,
        payment=PaymentOut.model_validate(payment) if payment is not None else None,
    )
