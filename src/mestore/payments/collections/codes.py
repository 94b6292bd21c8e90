"""What is true of a code that is said at a counter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from mestore.core.database import Session, checkpoint
from mestore.core.money import Money
from mestore.core.wiring import TheWorld
from mestore.orders.states import OrderStatus
from mestore.payments.collections.repository import CollectionRepository
from mestore.payments.errors import CodeNotFound
from mestore.payments.gateways.base import OutcomeUnknown
from mestore.payments.gateways.routes import gateways
from mestore.payments.models import Payment
from mestore.payments.settlement import Settlement
from mestore.payments.states import OPEN, PaymentStatus
from mestore.users.current import STAFF
from mestore.users.models import User

log = structlog.get_logger(__name__)
SOURCE = "code"


class CodeState(StrEnum):
    """Why a code is not valid."""

    PAID = "PAID"
    EXPIRED = "EXPIRED"
    ORDER_NOT_PAYABLE = "ORDER_NOT_PAYABLE"
    """Its order was paid otherwise, or given up."""
    CANCELLED = "CANCELLED"
    """Its attempt failed, was declined or was taken back."""
    UNCONFIRMED = "UNCONFIRMED"
    """Its gateway has not said that it takes it."""


_PAID = frozenset({PaymentStatus.APPROVED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})


@dataclass(frozen=True)
class CodeView:
    code: str
    status: PaymentStatus
    amount: Money
    expires_at: datetime
    order_number: str
    reason: CodeState | None
    known_at: datetime

    @property
    def valid(self) -> bool:
        return self.reason is None


class CodeService:
    def __init__(self, session: Session, world: TheWorld) -> None:
        self._session = session
        self._world = world
        self._codes = CollectionRepository(session)

    async def see(self, user: User, code: str) -> CodeView:
        """The truth about a code of one's own, or to staff of any. Where it is open its gateway is asked, and what it
        says at last is settled, as the sweeper would.

        Raises:
            CodeNotFound: absent, or somebody else's.
        """
        payment = await self._codes.by_code(code)
        if payment is None or (user.user_type not in STAFF and payment.buyer_id != user.id):
            raise CodeNotFound
        asked_at = await self._ask(payment) if payment.status in OPEN else None
        payment = await self._codes.fresh(payment.id)
        standing = await self._codes.standing(payment.id)
        assert payment.code is not None
        assert payment.code_expires_at is not None
        return CodeView(
            code=payment.code,
            status=payment.status,
            amount=payment.amount,
            expires_at=payment.code_expires_at,
            order_number=standing.order_number,
            reason=_reason(payment.status, standing.order_status, over=standing.over),
            known_at=asked_at or standing.known_at,
        )

    async def _ask(self, payment: Payment) -> datetime | None:
        """When the gateway answered; None when it did not."""
        gateway = gateways(self._world).get(payment.gateway)
        if gateway is None:
            return None
        await checkpoint(self._session)
        try:
            charge = await gateway.find(payment.reference)
        except OutcomeUnknown as error:
            log.warning("code_not_asked", payment_id=payment.id, gateway=payment.gateway, reason=str(error))
            return None
        answered_at = self._world.now()
        if charge is not None and charge.status not in OPEN:
            await Settlement(self._session, self._world.settings).apply(payment, charge, SOURCE)
        return answered_at


def _reason(status: PaymentStatus, order: OrderStatus, *, over: bool) -> CodeState | None:
    if status in _PAID:
        return CodeState.PAID
    if status is PaymentStatus.EXPIRED:
        return CodeState.EXPIRED
    if status not in OPEN:
        return CodeState.CANCELLED
    if order is not OrderStatus.PENDING:
        return CodeState.ORDER_NOT_PAYABLE
    if over:
        return CodeState.EXPIRED
    return None if status is PaymentStatus.PENDING else CodeState.UNCONFIRMED
