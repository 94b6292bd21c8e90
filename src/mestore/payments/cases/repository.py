"""Every query about cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch
from mestore.core.ids import PaymentCaseId, PaymentId, UserId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.payments.errors import CaseNotFound
from mestore.payments.models import CaseKind, CaseResolution, PaymentCase

_MATCHED = """
    SELECT c.id AS case_id, p.id AS payment_id, p.gateway, p.reference
    FROM payment_cases c JOIN payments p ON p.gateway = c.gateway AND p.reference = c.detail->>'reference'
    WHERE c.closed_at IS NULL AND c.kind = 'UNMATCHED' ORDER BY c.opened_at LIMIT $1
"""


@dataclass(frozen=True)
class Matched:
    """A case of unknown money, and the attempt that it turned out to be of."""

    case_id: PaymentCaseId
    payment_id: PaymentId
    gateway: str
    reference: str


@dataclass(frozen=True)
class CaseFilter:
    """Which cases a list shows; what is None is not asked about."""

    open: bool | None = None
    kind: CaseKind | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.open is not None:
            found.append(PaymentCase.closed_at.is_(None) if self.open else PaymentCase.closed_at.is_not(None))
        if self.kind is not None:
            found.append(PaymentCase.kind == self.kind)
        return found


class CaseRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, wanted: CaseFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[PaymentCase]:
        """The newest first: ids grow with time."""
        query = select(PaymentCase).where(*wanted.conditions())
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(PaymentCase.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(PaymentCase.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda case: (case.id,), total)

    async def get(self, case_id: PaymentCaseId) -> PaymentCase:
        """Raises:
        CaseNotFound: there is none such.
        """
        case = await self._session.get(PaymentCase, case_id, populate_existing=True)
        if case is None:
            raise CaseNotFound
        return case

    async def review_of(self, payment_id: PaymentId) -> PaymentCase | None:
        """The review of a payment, also when it is over."""
        return await self._session.scalar(
            select(PaymentCase)
            .where(PaymentCase.payment_id == payment_id, PaymentCase.kind == CaseKind.FRAUD_REVIEW)
            .execution_options(populate_existing=True)
        )

    async def is_under_review(self, payment_id: PaymentId) -> bool:
        review = await self.review_of(payment_id)
        return review is not None and review.closed_at is None

    async def matched(self, limit: int) -> Sequence[Matched]:
        """Open cases of money that nobody knew, the oldest first, whose attempt is on record meanwhile."""
        return [Matched(**row) for row in await fetch(self._session, _MATCHED, limit)]

    async def close(
        self, case_id: PaymentCaseId, resolution: CaseResolution, closed_by: UserId | None, note: str | None
    ) -> bool:
        """Whether it was this call that closed it."""
        closed = await self._session.scalar(
            update(PaymentCase)
            .where(PaymentCase.id == case_id, PaymentCase.closed_at.is_(None))
            .values(closed_at=func.now(), resolution=resolution, closed_by=closed_by, note=note)
            .returning(PaymentCase.id)
            .execution_options(synchronize_session=False)
        )
        return closed is not None
