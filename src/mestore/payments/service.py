"""Paying an order: an attempt on record before any money can move, a gateway asked, and its answer settled.

Another gateway is asked only when the one before surely charged nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from mestore.core.database import Session, checkpoint
from mestore.core.failpoints import failpoint
from mestore.core.ids import OrderId, PaymentId
from mestore.core.paging import Slice
from mestore.core.wiring import TheWorld
from mestore.orders.service import OrderService
from mestore.orders.state_service import OrderStateService
from mestore.orders.states import OrderStatus
from mestore.payments.attempts import Attempts, Wanted
from mestore.payments.errors import GatewayAway, PaymentNotFound
from mestore.payments.gateways.base import Attempt, Device, Gateway, NotCharged, OutcomeUnknown, Refused
from mestore.payments.gateways.breaker import Breakers
from mestore.payments.gateways.payu import PayuGateway
from mestore.payments.gateways.routes import ROUTES, gateway_named, gateways
from mestore.payments.intents.repository import Intents
from mestore.payments.models import Payment, PaymentEvent, PaymentIntent
from mestore.payments.repository import PaymentRepository
from mestore.payments.schemas import PayByCard
from mestore.payments.settlement import Settlement
from mestore.payments.states import PaymentMethod, PaymentStatus
from mestore.users.current import STAFF
from mestore.users.models import User

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OrderPaymentsView:
    order_id: OrderId
    order_status: OrderStatus
    payments: Sequence[Payment]


@dataclass(frozen=True)
class Way:
    """How one request to pay goes."""

    device: Device | None = None
    through: str | None = None
    """The only gateway that is to be asked; by the method's route, when there is none."""
    intent: PaymentIntent | None = None
    """What the attempt makes true; it is confirmed with it."""
    resumed: bool = False
    """An earlier run of this very request died on its way: what it began is continued, never repeated."""


class PaymentService:
    def __init__(self, session: Session, world: TheWorld) -> None:
        self._session = session
        self._world = world
        self._attempts = Attempts(session, world)
        self._orders = OrderService(session, world.settings, world.now)
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._intents = Intents(session)
        self._settlement = Settlement(session, world.settings)
        self._breakers = Breakers(world)

    async def process(self, buyer: User, wanted: Wanted, way: Way) -> Payment:
        """Try to pay an order of the buyer. The attempt that comes back may be PROCESSING: its outcome is not known
        yet.

        Raises:
            OrderNotFound: absent, or somebody else's.
            OrderNotPayable: it is paid, cancelled, or its hold is over.
            PaymentInProgress: another attempt has no final answer yet.
            TooManySlips: the buyer has as many slips open as one may have.
            IntentExpired, IntentConfirmed: the intent is good for no attempt.
            GatewayAway: surely nothing was charged; what was tried is on record as failed.
        """
        if way.resumed:
            order = await self._orders.locked_of_buyer(buyer.id, OrderId(wanted.order_id))
            attempts = await self._payments.of_order(order.id)
            if begun := [payment for payment in attempts if _is_of(payment, wanted, way)]:
                return await self._continue(begun[-1], buyer, wanted, way)
        last: Payment | None = None
        waits: list[int | None] = []
        for gateway in self._candidates(PaymentMethod(wanted.payment_method), way):
            if wait := await self._breakers.closed_for(gateway.name):
                waits.append(wait)
                continue
            payment = await self._attempts.record(buyer, wanted, gateway.name, way.device)
            if way.intent is not None:
                await self._intents.confirm(way.intent, payment, instead_of=last)
            if payment.status is PaymentStatus.DECLINED:
                return payment
            attempt = await self._attempts.told(buyer, payment, wanted, way.device)
            await checkpoint(self._session)
            failpoint("after_payment_row")
            try:
                return await self._start(gateway, payment, attempt)
            except NotCharged as error:
                last = await self._fail(payment, str(error))
                waits.append(error.retry_after)
                await checkpoint(self._session)
        raise _away(waits)

    async def status_of_order(self, buyer: User, order_id: OrderId) -> OrderPaymentsView:
        order = await self._orders.of_buyer(buyer.id, order_id)
        return OrderPaymentsView(order.id, order.status, await self._payments.of_order(order.id))

    async def of_buyer(self, buyer: User, limit: int, cursor: str | None, *, count: bool) -> Slice[Payment]:
        """The buyer's attempts, the newest first; how many they are, where they are to be counted.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        return await self._payments.page_of_buyer(buyer.id, limit, cursor, count=count)

    async def events(self, user: User, payment_id: PaymentId) -> Sequence[PaymentEvent]:
        """What its gateway said of the caller's attempt, or, for staff, of anybody's; the oldest first.

        Raises:
            PaymentNotFound: absent, or somebody else's.
        """
        if not await self._payments.exists(payment_id, None if user.user_type in STAFF else user.id):
            raise PaymentNotFound
        return await self._payments.events(payment_id)

    def _candidates(self, method: PaymentMethod, way: Way) -> Iterator[Gateway]:
        configured = gateways(self._world)
        for name in ROUTES[method]:
            if name in configured and way.through in (None, name):
                yield configured[name]

    async def _start(self, gateway: Gateway, payment: Payment, attempt: Attempt) -> Payment:
        try:
            async with self._breakers.guarding(gateway.name):
                charge = await gateway.start(attempt)
        except OutcomeUnknown as error:
            log.warning("payment_outcome_unknown", payment_id=payment.id, gateway=gateway.name, reason=str(error))
            return payment
        except Refused as error:
            return await self._fail(payment, str(error))
        failpoint("after_gateway_answer")
        settled = await self._settlement.apply(payment, charge, "start")
        log.info("payment_started", payment_id=payment.id, gateway=gateway.name, status=settled.status)
        return settled

    async def _fail(self, payment: Payment, reason: str) -> Payment:
        """Surely nothing was charged: the order can be paid in another way at once."""
        log.warning("payment_not_made", payment_id=payment.id, gateway=payment.gateway, reason=reason)
        await self._states.locked(payment.order_id)
        payment = await self._payments.locked(payment.id)
        if payment.status is PaymentStatus.PROCESSING:
            payment.status, payment.failure = PaymentStatus.ERROR, reason
            await self._payments.ask_again(payment, None)
        return payment

    async def _continue(self, payment: Payment, buyer: User, wanted: Wanted, way: Way) -> Payment:
        """What became of an attempt whose process died: the gateway is asked by our reference.

        Raises:
            GatewayAway: it is not to be asked now, and had begun nothing; the attempt is on record as failed.
        """
        gateway = gateway_named(payment.gateway, self._world)
        attempt = await self._attempts.told(buyer, payment, wanted, way.device)
        await checkpoint(self._session)
        try:
            charge = await gateway.find(payment.reference)
        except OutcomeUnknown:
            return payment
        if charge is not None:
            return await self._settlement.apply(payment, charge, "start")
        if payment.status is PaymentStatus.PROCESSING and _is_hosted(payment, wanted):
            try:
                return await self._start(gateway, payment, attempt)
            except NotCharged as error:
                await self._fail(payment, str(error))
                await checkpoint(self._session)
                raise _away([error.retry_after]) from error
        return payment


def _away(waits: Sequence[int | None]) -> GatewayAway:
    """Of gateways that are not to be asked for these seconds, if they told: worth another try when the first is."""
    usual = GatewayAway.retry_after
    return GatewayAway(retry_after=min((wait or usual for wait in waits), default=usual))


def _is_of(payment: Payment, wanted: Wanted, way: Way) -> bool:
    """Whether an attempt can be the request's own: one that is paid otherwise another request began meanwhile."""
    return payment.method == wanted.payment_method and way.through in (None, payment.gateway)


def _is_hosted(payment: Payment, wanted: Wanted) -> bool:
    """Whether the card is typed on the gateway's own page: then beginning calls nobody, and may be done again."""
    return isinstance(wanted, PayByCard) and (payment.gateway == PayuGateway.name or wanted.payment_data.token is None)
