"""Differences as administrators look through and close them."""

import structlog

from mestore.core.database import Session
from mestore.core.ids import DifferenceId
from mestore.core.paging import Slice
from mestore.payments.errors import DifferenceClosed, DifferenceNotFound
from mestore.payments.reconciliation.models import ReconciliationDifference
from mestore.payments.reconciliation.repository import DifferenceFilter, ReconciliationRepository
from mestore.users.models import User

log = structlog.get_logger(__name__)


class DifferenceService:
    def __init__(self, session: Session) -> None:
        self._differences = ReconciliationRepository(session)

    async def page(
        self, still_open: bool | None, gateway: str | None, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[ReconciliationDifference]:
        """The newest first.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        return await self._differences.page(DifferenceFilter(still_open, gateway), limit, cursor, count=count)

    async def close(self, admin: User, difference_id: DifferenceId, note: str) -> ReconciliationDifference:
        """Raises:
        DifferenceNotFound: there is none such.
        DifferenceClosed: somebody was before.
        """
        closed = await self._differences.close(difference_id, admin.id, note)
        found = await self._differences.get(difference_id)
        if found is None:
            raise DifferenceNotFound
        if not closed:
            raise DifferenceClosed(found.closed_at)
        log.info("difference_closed", difference_id=difference_id, by=str(admin.id))
        return found
