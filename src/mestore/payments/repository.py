"""Every query about payments, gateways' announcements and cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.columns import from_now, is_any_of
from mestore.core.database import fetch
from mestore.core.ids import GatewayEventId, OrderId, PaymentId, UserId
from mestore.core.money import Money
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.gateways.base import Announcement, Charge
from mestore.payments.models import EventOutcome, Payment, PaymentCase, PaymentEvent
from mestore.payments.states import OPEN, PaymentMethod

_ADD_EVENT = """
    INSERT INTO payment_events (payment_id, source, status, amount, currency, gateway_transaction_id, message)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_TOLD_AFTER = timedelta(minutes=20)
"""Counters tell of what they took about 15 minutes later."""
_IN_THE_WAY = """
    SELECT id FROM payments
    WHERE order_id = $1 AND (
        status IN ('PENDING', 'PROCESSING') OR (status IN ('APPROVED', 'PARTIALLY_REFUNDED') AND settles_order))
    ORDER BY status IN ('APPROVED', 'PARTIALLY_REFUNDED'), id LIMIT 1
"""
_SETTLED = """
    SELECT FROM payments WHERE order_id = $1 AND status IN ('APPROVED', 'PARTIALLY_REFUNDED') AND settles_order
"""
_DESCRIBED = """
    SELECT o.order_number, o.iva_amount, coalesce(sum(i.total_price - i.discount) FILTER (WHERE i.iva_amount > 0), 0)
        AS iva_base
    FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id = $1 GROUP BY o.id
"""
_HANDLED = """
    UPDATE gateway_events SET handled_at = now(), outcome = $2 WHERE id = $1 AND handled_at IS NULL RETURNING id
"""
_WAITING = "SELECT id, gateway, transaction_id FROM gateway_events WHERE id = $1 AND handled_at IS NULL"
_KEEP = """
    INSERT INTO gateway_events (gateway, dedupe_key, transaction_id, body) VALUES ($1, $2, $3, $4)
    ON CONFLICT (gateway, dedupe_key) DO NOTHING RETURNING id
"""
_LOCKED = (
    select(Payment)
    .where(Payment.id == bindparam("id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
"""Made once, as the next: to put it together again costs as much as to ask PostgreSQL."""
_BY_REFERENCE = select(Payment).where(
    Payment.gateway == bindparam("gateway"), Payment.reference == bindparam("reference")
)


@dataclass(frozen=True)
class Waiting:
    """What a gateway announced and nobody has handled yet."""

    id: GatewayEventId
    gateway: str
    transaction_id: str


@dataclass(frozen=True)
class Described:
    """What a gateway is told of the order that is paid; net amounts in COP."""

    order_number: str
    iva: Money
    iva_base: Money
    """What the IVA was computed from: the net price of the goods that are not at zero."""


class PaymentRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, payment: Payment) -> None:
        self._session.add(payment)
        await self._session.flush()

    async def note(self, payment_id: PaymentId, source: str, charge: Charge) -> None:
        """Keep what a gateway said of an attempt."""
        await fetch(
            self._session,
            _ADD_EVENT,
            payment_id,
            source,
            charge.status,
            charge.amount.amount,
            charge.currency,
            charge.transaction_id,
            charge.message,
        )

    async def locked(self, payment_id: PaymentId) -> Payment:
        """The attempt as it is now, its row held until the transaction ends: taken after its order's."""
        return (await self._session.scalars(_LOCKED, {"id": payment_id})).one()

    async def by_reference(self, gateway: str, reference: str) -> Payment | None:
        return await self._session.scalar(_BY_REFERENCE, {"gateway": gateway, "reference": reference})

    async def in_the_way(self, order_id: OrderId) -> PaymentId | None:
        """An attempt of the order that is open, or that pays it, or will when it is reviewed."""
        found = await fetch(self._session, _IN_THE_WAY, order_id)
        return found[0]["id"] if found else None

    async def is_settled(self, order_id: OrderId) -> bool:
        """Whether an approved payment settles the order, or will when it is reviewed; by a unique index it is one."""
        return bool(await fetch(self._session, _SETTLED, order_id))

    async def code_is_taken(self, gateway: str, code: str) -> bool:
        return bool(await fetch(self._session, "SELECT FROM payments WHERE gateway = $1 AND code = $2", gateway, code))

    async def of_order(self, order_id: OrderId) -> Sequence[Payment]:
        return (
            await self._session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.id))
        ).all()

    async def exists(self, payment_id: PaymentId, buyer_id: UserId | None) -> bool:
        """Whether there is such an attempt; only of this buyer, if one is named."""
        wanted = select(Payment.id).where(Payment.id == payment_id)
        if buyer_id is not None:
            wanted = wanted.where(Payment.buyer_id == buyer_id)
        return await self._session.scalar(wanted) is not None

    async def page_of_buyer(self, buyer_id: UserId, limit: int, cursor: str | None, *, count: bool) -> Slice[Payment]:
        query = select(Payment).where(Payment.buyer_id == buyer_id)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Payment.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Payment.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda payment: (payment.id,), total)

    async def events(self, payment_id: PaymentId) -> Sequence[PaymentEvent]:
        query = select(PaymentEvent).where(PaymentEvent.payment_id == payment_id).order_by(PaymentEvent.id)
        return (await self._session.scalars(query)).all()

    async def open_slips(self, buyer_id: UserId) -> int:
        """How many slips for a counter a buyer has open: none of an order that was given up or paid otherwise,
        though its gateway waits for days. Who asks holds the buyer's place until the transaction ends: of two requests
        at once the second sees the first's.
        """
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"slips {buyer_id}", 0))))
        open_ones = select(func.count()).select_from(Payment).join(Order, Order.id == Payment.order_id)
        open_ones = open_ones.where(
            Payment.buyer_id == buyer_id,
            Payment.method == PaymentMethod.EFECTY,
            Payment.status.in_(OPEN),
            Order.status == OrderStatus.PENDING,
        )
        return await self._session.scalar(open_ones) or 0

    async def described(self, order_id: OrderId) -> Described:
        (row,) = await fetch(self._session, _DESCRIBED, order_id)
        return Described(row["order_number"], Money(row["iva_amount"]), Money(row["iva_base"]))

    async def ask_again(self, payment: Payment, wait: timedelta | None) -> None:
        """Count a question, and say when to ask next by PostgreSQL's clock; None when the answer is final."""
        count_question(payment, wait)
        await self._session.flush()

    async def claim_due(self, limit: int, lease: timedelta) -> Sequence[Payment]:
        """Attempts to ask about now; each is put off by `lease`, so that no other sweeper asks meanwhile."""
        due = (
            select(Payment.id)
            .where(Payment.ask_after < func.now())
            .order_by(Payment.ask_after)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = await self._session.scalars(
            update(Payment)
            .where(is_any_of(Payment.id, due))
            .values(ask_after=func.now() + lease)
            .returning(Payment)
            .execution_options(populate_existing=True)
        )
        return claimed.all()

    async def ask_soon(self, gateway: str, reference: str) -> None:
        """Have the sweeper ask about the attempt, however final its answer was."""
        attempt = (Payment.gateway == gateway, Payment.reference == reference)
        await self._session.execute(update(Payment).where(*attempt).values(ask_after=func.now()))

    async def is_over(self, payment_id: PaymentId) -> bool:
        """Whether the time to pay has passed, by PostgreSQL's clock."""
        found = await self._session.scalar(
            select(Payment.id).where(Payment.id == payment_id, Payment.expires_at < func.now())
        )
        return found is not None

    async def older_than(self, payment_id: PaymentId, age: timedelta) -> bool:
        found = await self._session.scalar(
            select(Payment.id).where(Payment.id == payment_id, Payment.created_at < func.now() - age)
        )
        return found is not None


def count_question(payment: Payment, wait: timedelta | None) -> None:
    """As `PaymentRepository.ask_again`, to be written with what else changes."""
    payment.asks += 1
    payment.ask_after = None if wait is None else from_now(wait)
    if wait is not None and payment.code_expires_at is not None:
        # Soon after the last moment to pay at a counter, while the order is still kept.
        told = func.greatest(payment.code_expires_at + _TOLD_AFTER, from_now(_TOLD_AFTER / 2))
        payment.ask_after = func.least(payment.ask_after, told)


class InboxRepository:
    """Announcements of gateways and cases for people: each at most once by a unique index."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def keep(self, gateway: str, announcement: Announcement) -> GatewayEventId | None:
        """The new row's id; None when this event is there already."""
        told = (announcement.dedupe_key, announcement.transaction_id, announcement.verified)
        kept = await fetch(self._session, _KEEP, gateway, *told)
        return kept[0]["id"] if kept else None

    async def waiting(self, event_id: GatewayEventId) -> Waiting | None:
        """An event, unless it is handled already."""
        found = await fetch(self._session, _WAITING, event_id)
        return Waiting(**found[0]) if found else None

    async def handled(self, event_id: GatewayEventId, outcome: EventOutcome) -> bool:
        """Whether it is this transaction that handles the event: of two workers with the same job only one does."""
        return bool(await fetch(self._session, _HANDLED, event_id, outcome))

    async def open_case(self, **values: Any) -> None:
        """A case for a person, once for each kind and transaction."""
        await self._session.execute(insert(PaymentCase).values(**values).on_conflict_do_nothing())
