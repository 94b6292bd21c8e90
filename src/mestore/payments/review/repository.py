"""Every query about payments as administrators see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import OrderId, PaymentId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.errors import PaymentNotFound
from mestore.payments.models import CaseKind, Payment, PaymentCase, PaymentEvent
from mestore.payments.states import PaymentStatus


@dataclass(frozen=True)
class PaymentFilter:
    """Which payments a list shows; what is None is not asked about."""

    status: PaymentStatus | None = None
    under_review: bool | None = None
    fraud_score_from: int | None = None
    order_id: OrderId | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.status is not None:
            found.append(Payment.status == self.status)
        if self.under_review is not None:
            found.append(_under_review() if self.under_review else ~_under_review())
        if self.fraud_score_from is not None:
            found.append(Payment.fraud_score >= self.fraud_score_from)
        if self.order_id is not None:
            found.append(Payment.order_id == self.order_id)
        return found


class ReviewRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, payment_id: PaymentId) -> Payment:
        """Raises:
        PaymentNotFound: there is none such.
        """
        payment = await self._session.get(Payment, payment_id, populate_existing=True)
        if payment is None:
            raise PaymentNotFound
        return payment

    async def status_of_order(self, order_id: OrderId) -> OrderStatus:
        status = await self._session.scalar(select(Order.status).where(Order.id == order_id))
        assert status is not None
        return status

    async def page(self, wanted: PaymentFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[Payment]:
        """The newest first: ids grow with time."""
        query = select(Payment).where(*wanted.conditions())
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Payment.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(Payment.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda payment: (payment.id,), total)

    async def events(self, payment_id: PaymentId) -> Sequence[PaymentEvent]:
        query = select(PaymentEvent).where(PaymentEvent.payment_id == payment_id).order_by(PaymentEvent.id)
        return (await self._session.scalars(query)).all()

    async def cases(self, payment_id: PaymentId) -> Sequence[PaymentCase]:
        query = select(PaymentCase).where(PaymentCase.payment_id == payment_id).order_by(PaymentCase.id)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).all()


def _under_review() -> ColumnElement[bool]:
    return exists().where(
        PaymentCase.payment_id == Payment.id,
        PaymentCase.kind == CaseKind.FRAUD_REVIEW,
        PaymentCase.closed_at.is_(None),
    )
