"""Every query about refunds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.columns import is_any_of
from mestore.core.ids import OrderId, PackageId, PaymentId, RefundId, UserId
from mestore.core.money import ZERO, Money
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.models import OrderItem
from mestore.payments.errors import RefundNotFound
from mestore.payments.models import Payment, PaymentEvent, Refund
from mestore.payments.states import REFUNDABLE, PaymentStatus, RefundStatus


@dataclass(frozen=True)
class RefundFilter:
    """Which refunds a list shows; what is None is not asked about."""

    status: RefundStatus | None = None
    order_id: OrderId | None = None
    overdue_at: datetime | None = None
    """Only what was still owed at this moment, and late."""

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.status is not None:
            found.append(Refund.status == self.status)
        if self.order_id is not None:
            found.append(Refund.order_id == self.order_id)
        if self.overdue_at is not None:
            found += [Refund.status != RefundStatus.MADE, Refund.due_at < self.overdue_at]
        return found


class RefundRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_settling(self, order_id: OrderId) -> Payment | None:
        """The payment that settled the order, unless it was voided, its row held: taken after the order's."""
        return await self._session.scalar(
            select(Payment)
            .where(
                Payment.order_id == order_id,
                Payment.settles_order,
                Payment.status.in_((*REFUNDABLE, PaymentStatus.REFUNDED)),
            )
            .order_by(Payment.id.desc())
            .limit(1)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )

    async def payment(self, payment_id: PaymentId) -> Payment | None:
        return await self._session.get(Payment, payment_id, populate_existing=True)

    async def is_open(self, cause: str) -> bool:
        return await self._session.scalar(select(Refund.id).where(Refund.cause == cause)) is not None

    async def add_once(self, **values: Any) -> RefundId | None:
        """The new one; None where its cause has one already, by a unique index. A REQUESTED one is to be sent now."""
        wait = {"ask_after": func.now()} if values["status"] is RefundStatus.REQUESTED else {}
        added: RefundId | None = await self._session.scalar(
            insert(Refund)
            .values(**values, **wait)
            .on_conflict_do_nothing(index_elements=[Refund.cause])
            .returning(Refund.id)
        )
        return added

    async def sum_of(self, payment_id: PaymentId, *, made: bool) -> Money:
        """What was paid back of a payment; with `made=False` also what is still to be."""
        which = Refund.status == RefundStatus.MADE if made else Refund.status != RefundStatus.FAILED
        paid_back = select(func.sum(Refund.amount)).where(Refund.payment_id == payment_id, which)
        return await self._session.scalar(paid_back) or ZERO

    async def get(self, refund_id: RefundId) -> Refund:
        """Raises:
        RefundNotFound: there is none such.
        """
        found = await self._session.get(Refund, refund_id, populate_existing=True)
        if found is None:
            raise RefundNotFound
        return found

    async def sum_of_package(self, package_id: PackageId) -> Money:
        """What was paid back of a package, or is still to be."""
        which = (Refund.package_id == package_id, Refund.status != RefundStatus.FAILED)
        return await self._session.scalar(select(func.sum(Refund.amount)).where(*which)) or ZERO

    async def make(
        self, refund_id: RefundId, before: Collection[RefundStatus], reference: str, made_by: UserId | None
    ) -> bool:
        """Whether it was this call that made it, out of one of the states `before`."""
        return await self._move(
            refund_id,
            before,
            status=RefundStatus.MADE,
            reference=reference,
            made_at=func.now(),
            made_by=made_by,
            ask_after=None,
        )

    async def mark_sent(self, refund_id: RefundId, wait: timedelta) -> bool:
        """Whether it is this call that sends it: of any number at once one is. It is asked about after `wait`."""
        return await self._move(
            refund_id,
            (RefundStatus.REQUESTED,),
            status=RefundStatus.PROCESSING,
            sent_at=func.now(),
            sends=Refund.sends + 1,
            asks=0,
            ask_after=func.now() + wait,
        )

    async def take(self, refund_id: RefundId, number: str) -> None:
        """Its gateway has it, under this number."""
        await self._move(refund_id, (RefundStatus.PROCESSING,), gateway_number=number)

    async def put_off(self, refund_id: RefundId, status: RefundStatus, wait: timedelta) -> None:
        """Send a REQUESTED one, or ask about a PROCESSING one, after so long; that is counted."""
        await self._move(refund_id, (status,), asks=Refund.asks + 1, ask_after=func.now() + wait)

    async def request_again(self, refund_id: RefundId, asks: int, wait: timedelta) -> None:
        """Surely its gateway never had it, after so many tries: it may be sent after so long."""
        again = {"status": RefundStatus.REQUESTED, "asks": asks, "ask_after": func.now() + wait}
        await self._move(refund_id, (RefundStatus.PROCESSING,), **again)

    async def pay_out(self, refund_id: RefundId, why: str) -> bool:
        """Whether it was this call that made it MANUAL: its gateway does not send it."""
        before = (RefundStatus.REQUESTED, RefundStatus.PROCESSING)
        return await self._move(
            refund_id, before, status=RefundStatus.MANUAL, failure=why[:300], ask_after=None, gateway_number=None
        )

    async def claim_due(self, limit: int, lease: timedelta) -> Sequence[Refund]:
        """Those to send or to ask about now; each is put off by `lease`, so that no other sweep takes it meanwhile."""
        due = (
            select(Refund.id)
            .where(Refund.ask_after < func.now())
            .order_by(Refund.ask_after)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = await self._session.scalars(
            update(Refund)
            .where(is_any_of(Refund.id, due))
            .values(ask_after=func.now() + lease)
            .returning(Refund)
            .execution_options(populate_existing=True)
        )
        return claimed.all()

    async def sent_before(self, refund_id: RefundId, age: timedelta) -> bool:
        found = select(Refund.id).where(Refund.id == refund_id, Refund.sent_at < func.now() - age)
        return await self._session.scalar(found) is not None

    async def others_were_sent(self, refund: Refund) -> bool:
        """Whether the payment's gateway has, or may have, another refund of it."""
        other = select(Refund.id).where(
            Refund.payment_id == refund.payment_id,
            Refund.id != refund.id,
            Refund.sent_at.is_not(None),
            Refund.status.in_((RefundStatus.PROCESSING, RefundStatus.MADE)),
        )
        return await self._session.scalar(other.limit(1)) is not None

    async def approved_within(self, payment_id: PaymentId, age: timedelta) -> bool:
        """Whether the payment was first approved no longer ago."""
        approved = select(func.min(PaymentEvent.at)).where(
            PaymentEvent.payment_id == payment_id, PaymentEvent.status == PaymentStatus.APPROVED
        )
        found: bool | None = await self._session.scalar(select(approved.scalar_subquery() > func.now() - age))
        return bool(found)

    async def unmade_of(self, payment_id: PaymentId) -> Sequence[Refund]:
        query = select(Refund).where(Refund.payment_id == payment_id, Refund.status != RefundStatus.MADE)
        return (await self._session.scalars(query.order_by(Refund.id).execution_options(populate_existing=True))).all()

    async def ask_soon(self, payment_id: PaymentId) -> bool:
        """Whether a refund of the payment is with its gateway; it is asked about at the next sweep."""
        asked = await self._session.scalars(
            update(Refund)
            .where(Refund.payment_id == payment_id, Refund.status == RefundStatus.PROCESSING)
            .values(ask_after=func.now())
            .returning(Refund.id)
            .execution_options(synchronize_session=False)
        )
        return bool(asked.all())

    async def set_destination(self, order_id: OrderId, destination: Mapping[str, str]) -> bool:
        """Whether any refund of the order waits for a person to pay it out."""
        waiting = await self._session.scalars(
            update(Refund)
            .where(Refund.order_id == order_id, Refund.status == RefundStatus.MANUAL)
            .values(destination=destination)
            .returning(Refund.id)
            .execution_options(synchronize_session=False)
        )
        return bool(waiting.all())

    async def items_of(self, order_id: OrderId) -> Sequence[OrderItem]:
        """As they are now."""
        query = select(OrderItem).where(OrderItem.order_id == order_id).order_by(OrderItem.id)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).all()

    async def of_order(self, order_id: OrderId) -> Sequence[Refund]:
        query = select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)
        return (await self._session.scalars(query)).all()

    async def page(self, wanted: RefundFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[Refund]:
        """The newest first: ids grow with time."""
        query = select(Refund).where(*wanted.conditions())
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Refund.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Refund.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda refund: (refund.id,), total)

    async def _move(self, refund_id: RefundId, before: Collection[RefundStatus], **values: Any) -> bool:
        moved = await self._session.scalar(
            update(Refund)
            .where(Refund.id == refund_id, Refund.status.in_(before))
            .values(updated_at=func.now(), **values)
            .returning(Refund.id)
            .execution_options(synchronize_session=False)
        )
        return moved is not None
