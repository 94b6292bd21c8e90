"""Cases: money, or a claim of money, that no rule places by itself, shown to administrators until one closes it."""

import structlog

from mestore.core.database import Session
from mestore.core.ids import PaymentCaseId
from mestore.core.paging import Slice
from mestore.payments.cases.repository import CaseFilter, CaseRepository
from mestore.payments.errors import CaseClosed, CaseIsAReview
from mestore.payments.models import CaseKind, CaseResolution, PaymentCase
from mestore.users.models import User

log = structlog.get_logger(__name__)


class CaseService:
    def __init__(self, session: Session) -> None:
        self._cases = CaseRepository(session)

    async def page(self, wanted: CaseFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[PaymentCase]:
        """The newest first.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        return await self._cases.page(wanted, limit, cursor, count=count)

    async def get(self, case_id: PaymentCaseId) -> PaymentCase:
        """Raises:
        CaseNotFound: there is none such.
        """
        return await self._cases.get(case_id)

    async def close(self, admin: User, case_id: PaymentCaseId, resolution: CaseResolution, note: str) -> PaymentCase:
        """Say what it came to. Said again with the same resolution, nothing changes: the first note stays.

        Closing moves no money: what is owed back is a refund, and is sent as one.

        Raises:
            CaseNotFound: there is none such.
            CaseIsAReview: it ends with its payment's review.
            CaseClosed: it was closed with another resolution.
        """
        case = await self._cases.get(case_id)
        if case.kind is CaseKind.FRAUD_REVIEW:
            raise CaseIsAReview(case.payment_id)
        closed = await self._cases.close(case_id, resolution, admin.id, note)
        case = await self._cases.get(case_id)
        if closed:
            log.info("payment_case_closed", case_id=case_id, resolution=resolution.value, by=str(admin.id))
        elif case.resolution is not resolution:
            raise CaseClosed(str(case.resolution))
        return case
