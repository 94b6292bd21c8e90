"""What a collection does to the attempt whose code it is of: it settles it, was known, or is shown as a case.

The order's row is locked first, then the attempt's; money itself moves only in `settlement.py`.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import CollectionId
from mestore.core.money import Money
from mestore.core.settings import Settings
from mestore.orders.models import Order
from mestore.orders.state_service import OrderStateService
from mestore.orders.states import OrderStatus
from mestore.payments.collections.models import CollectionOutcome
from mestore.payments.collections.repository import CollectionRepository
from mestore.payments.gateways.base import Charge
from mestore.payments.gateways.efecty import EfectyGateway
from mestore.payments.models import CaseKind, Payment
from mestore.payments.repository import InboxRepository, PaymentRepository
from mestore.payments.settlement import Settlement
from mestore.payments.states import PaymentStatus

SOURCE = "collection"
_CURRENCY = "COP"
_PAID = frozenset({PaymentStatus.APPROVED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})


@dataclass(frozen=True)
class Taken:
    """A collection whose row was just kept, in this very transaction."""

    id: CollectionId
    key: str
    amount: Money
    code: str
    receipt: str


class Placing:
    def __init__(self, session: AsyncSession, settings: Settings) -> None:
        self._states = OrderStateService(session)
        self._payments = PaymentRepository(session)
        self._inbox = InboxRepository(session)
        self._collections = CollectionRepository(session)
        self._settlement = Settlement(session, settings)

    async def unknown(self, taken: Taken) -> None:
        """No attempt has this code: the row says so already."""
        await self._inbox.open_case(
            kind=CaseKind.UNMATCHED,
            gateway=EfectyGateway.name,
            gateway_transaction_id=taken.key,
            detail=_detail(taken) | {"currency": _CURRENCY},
        )

    async def returned(self, taken: Taken, payment: Payment, why: str) -> None:
        """The network took the money back. Where it counts as paid a person must look."""
        _, payment = await self._locked(payment)
        if payment.status in _PAID:
            await self._case(CaseKind.VOIDED, taken, payment, {"returned": why})
        await self._collections.place(taken.id, CollectionOutcome.RETURNED, payment.id, first=False)

    async def of_network(self, taken: Taken, payment: Payment) -> None:
        """A line of the network's file. The first of an attempt is its payment, every other is one too many (F50)."""
        order, payment = await self._locked(payment)
        first = not await self._collections.has_first(payment.id)
        if first:
            charge = Charge(
                reference=payment.reference,
                transaction_id=payment.gateway_transaction_id or taken.key,
                status=PaymentStatus.APPROVED,
                amount=taken.amount,
                currency=_CURRENCY,
                message="in the network's file of collections",
            )
            outcome = await self._settle(taken, order, payment, charge)
        else:
            outcome = CollectionOutcome.SECOND_PAYMENT
            await self._case(CaseKind.SECOND_PAYMENT, taken, payment)
        await self._collections.place(taken.id, outcome, payment.id, first=first)

    async def of_gateway(self, taken: Taken, payment: Payment, charge: Charge) -> None:
        """A code of which its gateway says that it was paid. The line of the file is still to come."""
        order, payment = await self._locked(payment)
        outcome = await self._settle(taken, order, payment, charge)
        await self._collections.place(taken.id, outcome, payment.id, first=False)

    async def _locked(self, payment: Payment) -> tuple[Order, Payment]:
        order = await self._states.locked(payment.order_id)
        return order, await self._payments.locked(payment.id)

    async def _settle(self, taken: Taken, order: Order, payment: Payment, charge: Charge) -> CollectionOutcome:
        if payment.status in _PAID:
            if charge.amount == payment.amount:
                return CollectionOutcome.KNOWN
            await self._case(CaseKind.MISMATCH, taken, payment)
            return _missed(charge.amount, payment.amount)
        if payment.status is PaymentStatus.VOIDED:
            await self._case(CaseKind.LATE, taken, payment)
            return CollectionOutcome.LATE
        given_up = order.status is OrderStatus.CANCELLED
        payment = await self._settlement.apply(payment, charge, SOURCE)
        if payment.status is not PaymentStatus.APPROVED:
            return _missed(charge.amount, payment.amount)
        if payment.settles_order:
            return CollectionOutcome.CONFIRMED
        return CollectionOutcome.LATE if given_up else CollectionOutcome.SECOND_PAYMENT

    async def _case(self, kind: CaseKind, taken: Taken, payment: Payment, more: dict[str, str] | None = None) -> None:
        await self._inbox.open_case(
            kind=kind,
            gateway=payment.gateway,
            gateway_transaction_id=taken.key,
            payment_id=payment.id,
            detail={
                **_detail(taken),
                "order_id": payment.order_id,
                "expected": str(payment.amount),
                "currency": _CURRENCY,
                **(more or {}),
            },
        )


def _detail(taken: Taken) -> dict[str, str | int]:
    return {
        "reference": taken.code,
        "charged": str(taken.amount),
        "receipt": taken.receipt,
        "collection_id": taken.id,
    }


def _missed(charged: Money, expected: Money) -> CollectionOutcome:
    return CollectionOutcome.UNDERPAID if charged < expected else CollectionOutcome.OVERPAID
