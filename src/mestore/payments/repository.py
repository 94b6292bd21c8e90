"""Every query about payments, gateways' announcements and cases."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import GatewayEventId, OrderId, PaymentId, UserId
from mestore.core.money import ZERO, Money
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.models import OrderItem
from mestore.payments.gateways.base import Announcement
from mestore.payments.models import EventOutcome, GatewayEvent, Payment, PaymentCase, PaymentEvent
from mestore.payments.states import OPEN, PaymentMethod


class PaymentRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Payment | PaymentEvent) -> None:
        self._session.add(row)
        await self._session.flush()

    async def locked(self, payment_id: PaymentId) -> Payment:
        """The attempt as it is now, its row held until the transaction ends: taken after its order's."""
        return (
            await self._session.scalars(
                select(Payment)
                .where(Payment.id == payment_id)
                .with_for_update(key_share=True)
                .execution_options(populate_existing=True)
            )
        ).one()

    async def by_reference(self, gateway: str, reference: str) -> Payment | None:
        return await self._session.scalar(
            select(Payment).where(Payment.gateway == gateway, Payment.reference == reference)
        )

    async def open_of_order(self, order_id: OrderId) -> Payment | None:
        return await self._session.scalar(select(Payment).where(Payment.order_id == order_id, Payment.status.in_(OPEN)))

    async def of_order(self, order_id: OrderId) -> Sequence[Payment]:
        return (
            await self._session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.id))
        ).all()

    async def of_buyer(self, buyer_id: UserId, payment_id: PaymentId) -> Payment | None:
        return await self._session.scalar(select(Payment).where(Payment.id == payment_id, Payment.buyer_id == buyer_id))

    async def page_of_buyer(self, buyer_id: UserId, limit: int, cursor: str | None) -> Slice[Payment]:
        query = select(Payment).where(Payment.buyer_id == buyer_id)
        if cursor is not None:
            query = query.where(Payment.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Payment.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda payment: (payment.id,))

    async def events(self, payment_id: PaymentId) -> Sequence[PaymentEvent]:
        query = select(PaymentEvent).where(PaymentEvent.payment_id == payment_id).order_by(PaymentEvent.id)
        return (await self._session.scalars(query)).all()

    async def open_slips(self, buyer_id: UserId) -> int:
        """How many slips for a counter a buyer has open. Who asks holds the buyer's place until the transaction ends:
        of two requests at once the second sees the first's.
        """
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"slips {buyer_id}", 0))))
        open_ones = select(func.count()).where(
            Payment.buyer_id == buyer_id, Payment.method == PaymentMethod.EFECTY, Payment.status.in_(OPEN)
        )
        return await self._session.scalar(open_ones) or 0

    async def iva_base(self, order_id: OrderId) -> Money:
        """What an order's IVA was computed from: the net price of its goods that are not at zero."""
        net = select(func.sum(OrderItem.total_price - OrderItem.discount)).where(
            OrderItem.order_id == order_id, OrderItem.iva_amount > ZERO
        )
        return await self._session.scalar(net) or ZERO

    async def ask_again(self, payment: Payment, wait: timedelta | None) -> None:
        """Count a question, and say when to ask next; None when the answer is final."""
        payment.asks += 1
        payment.ask_after = None
        await self._session.flush()
        if wait is not None:
            await self._session.execute(
                update(Payment).where(Payment.id == payment.id).values(ask_after=func.now() + wait)
            )

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
            .where(Payment.id.in_(due.scalar_subquery()))
            .values(ask_after=func.now() + lease)
            .returning(Payment)
            .execution_options(populate_existing=True)
        )
        return claimed.all()

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


class InboxRepository:
    """Announcements of gateways and cases for people: each at most once by a unique index."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def keep(self, gateway: str, announcement: Announcement) -> GatewayEventId | None:
        """The new row's id; None when this event is there already."""
        kept: GatewayEventId | None = await self._session.scalar(
            insert(GatewayEvent)
            .values(
                gateway=gateway,
                dedupe_key=announcement.dedupe_key,
                transaction_id=announcement.transaction_id,
                body=announcement.verified,
            )
            .on_conflict_do_nothing(index_elements=[GatewayEvent.gateway, GatewayEvent.dedupe_key])
            .returning(GatewayEvent.id)
        )
        return kept

    async def event(self, event_id: GatewayEventId) -> GatewayEvent:
        return await self._session.get_one(GatewayEvent, event_id)

    async def handled(self, event_id: GatewayEventId, outcome: EventOutcome) -> bool:
        """Whether it is this transaction that handles the event: of two workers with the same job only one does."""
        handled = await self._session.scalar(
            update(GatewayEvent)
            .where(GatewayEvent.id == event_id, GatewayEvent.handled_at.is_(None))
            .values(handled_at=func.now(), outcome=outcome)
            .returning(GatewayEvent.id)
        )
        return handled is not None

    async def open_case(self, **values: Any) -> None:
        """A case for a person, once for each kind and transaction."""
        await self._session.execute(insert(PaymentCase).values(**values).on_conflict_do_nothing())
