"""What somebody is told about their complaint."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.complaints.models import Complaint, ComplaintMessage
from mestore.core.ids import ComplaintId, ComplaintMessageId
from mestore.notifications.models import Notice
from mestore.notifications.service import NotificationService


class ComplaintLetters:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._notifications = NotificationService(session)

    async def filed(self, complaint_id: ComplaintId) -> None:
        """Tell its number, and by when it is answered."""
        complaint = await self._session.get_one(Complaint, complaint_id)
        context = _facts(complaint) | {"kind": complaint.kind, "due_at": complaint.due_at.isoformat()}
        notice = Notice(f"complaint_filed:{complaint_id}", complaint.user_id, "complaint_filed", context)
        await self._notifications.queue(notice)

    async def answered(self, complaint_id: ComplaintId, message_id: ComplaintMessageId) -> None:
        """Hand the answer on, whole."""
        complaint = await self._session.get_one(Complaint, complaint_id)
        answer = await self._session.get_one(ComplaintMessage, message_id)
        context = _facts(complaint) | {"paragraphs": [line for line in answer.text.splitlines() if line.strip()]}
        notice = Notice(f"complaint_answered:{message_id}", complaint.user_id, "complaint_answered", context)
        await self._notifications.queue(notice)


def _facts(complaint: Complaint) -> dict[str, Any]:
    return {"filing_number": complaint.filing_number, "subject": complaint.subject}
