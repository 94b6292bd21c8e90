"""Every query about complaints."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from mestore.complaints.errors import ComplaintNotFound, EvidenceNotFound
from mestore.complaints.models import Complaint, ComplaintEvidence, ComplaintMessage
from mestore.complaints.states import ComplaintActor, ComplaintKind, ComplaintStatus
from mestore.core.ids import ComplaintId, EvidenceId, UserId, VendorId
from mestore.core.paging import Slice, decode, slice_of


@dataclass(frozen=True)
class Reader:
    """Whose complaints are meant: those that a person filed, those that name a shop, or, with neither, all."""

    user_id: UserId | None = None
    vendor_id: VendorId | None = None

    def may_read(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.user_id is not None:
            conditions.append(Complaint.user_id == self.user_id)
        if self.vendor_id is not None:
            conditions.append(Complaint.vendor_id == self.vendor_id)
        return conditions


@dataclass(frozen=True)
class ComplaintFilter:
    """None leaves a condition out."""

    status: ComplaintStatus | None = None
    kind: ComplaintKind | None = None
    vendor_id: VendorId | None = None
    overdue_at: datetime | None = None
    """Only what was still to be answered at this moment, and late."""

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.status is not None:
            found.append(Complaint.status == self.status)
        if self.kind is not None:
            found.append(Complaint.kind == self.kind)
        if self.vendor_id is not None:
            found.append(Complaint.vendor_id == self.vendor_id)
        if self.overdue_at is not None:
            found += [Complaint.status == ComplaintStatus.OPEN, Complaint.due_at < self.overdue_at]
        return found


class ComplaintRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, complaint: Complaint) -> None:
        self._session.add(complaint)
        await self._session.flush()

    async def get(self, reader: Reader, complaint_id: ComplaintId) -> Complaint:
        """A complaint with all that was said and shown in it.

        Raises:
            ComplaintNotFound: this reader has none such.
        """
        complaint = await self._session.scalar(
            select(Complaint)
            .where(Complaint.id == complaint_id, *reader.may_read())
            .options(selectinload(Complaint.messages), selectinload(Complaint.evidence))
            .execution_options(populate_existing=True)
        )
        if complaint is None:
            raise ComplaintNotFound
        return complaint

    async def lock(self, reader: Reader, complaint_id: ComplaintId) -> Complaint:
        """A complaint that nobody else changes until this transaction ends.

        Raises:
            ComplaintNotFound: this reader has none such.
        """
        complaint = await self._session.scalar(
            select(Complaint)
            .where(Complaint.id == complaint_id, *reader.may_read())
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        if complaint is None:
            raise ComplaintNotFound
        return complaint

    async def page(
        self, reader: Reader, wanted: ComplaintFilter, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Complaint]:
        """The newest first: ids grow with time."""
        query = select(Complaint).where(*reader.may_read(), *wanted.conditions())
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(Complaint.id < decode(cursor, UUID)[0])
        rows = (await self._session.scalars(query.order_by(Complaint.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda complaint: (complaint.id,), total)

    async def change(self, complaint_id: ComplaintId, **values: Any) -> None:
        """Also without any value: the complaint is then known as changed now."""
        changed = update(Complaint).where(Complaint.id == complaint_id).values(updated_at=func.now(), **values)
        await self._session.execute(changed.execution_options(synchronize_session=False))

    async def say(self, message: ComplaintMessage) -> None:
        self._session.add(message)
        await self._session.flush()

    async def count_messages(self, complaint_id: ComplaintId) -> int:
        """What was said by anybody but the marketplace."""
        wanted = select(func.count()).where(
            ComplaintMessage.complaint_id == complaint_id, ComplaintMessage.actor != ComplaintActor.ADMIN
        )
        return await self._session.scalar(wanted) or 0


class EvidenceRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, evidence: ComplaintEvidence) -> None:
        self._session.add(evidence)
        await self._session.flush()

    async def count(self, complaint_id: ComplaintId) -> int:
        wanted = select(func.count()).where(ComplaintEvidence.complaint_id == complaint_id)
        return await self._session.scalar(wanted) or 0

    async def get(self, reader: Reader, complaint_id: ComplaintId, evidence_id: EvidenceId) -> ComplaintEvidence:
        """Raises:
        EvidenceNotFound: this reader has no such complaint, or it has no such evidence.
        """
        evidence = await self._session.scalar(
            select(ComplaintEvidence)
            .join(Complaint, Complaint.id == ComplaintEvidence.complaint_id)
            .where(ComplaintEvidence.id == evidence_id, Complaint.id == complaint_id, *reader.may_read())
        )
        if evidence is None:
            raise EvidenceNotFound
        return evidence

    async def folders_of(self, user_id: UserId) -> Sequence[str]:
        wanted = (
            select(ComplaintEvidence.folder)
            .join(Complaint, Complaint.id == ComplaintEvidence.complaint_id)
            .where(Complaint.user_id == user_id)
        )
        return (await self._session.scalars(wanted)).all()

    async def known_folders(self, folders: Collection[str]) -> set[str]:
        wanted = select(ComplaintEvidence.folder).where(ComplaintEvidence.folder.in_(folders))
        return set(await self._session.scalars(wanted))
