"""Where the marketplace's staff answers complaints."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.complaints.endpoints import (
    ONCE,
    PICTURE,
    ComplaintPath,
    Complaints,
    Evidence,
    EvidencePath,
    PageCursor,
    PageLimit,
    StatusQuery,
    WithTotal,
    picture,
)
from mestore.complaints.errors import ComplaintNotFound, EvidenceNotFound, IllegalComplaintMove
from mestore.complaints.models import Complaint
from mestore.complaints.repository import ComplaintFilter
from mestore.complaints.schemas import AdminComplaintOut, AdminComplaintSummary, AnswerIn
from mestore.complaints.states import ComplaintKind
from mestore.core.boundary import StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.idempotency import OnceDep
from mestore.core.ids import ComplaintId, EvidenceId, VendorId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.media.errors import PictureNotFound, StorageAway
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/complaints", tags=["admin"], route_class=StrictRoute)
_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)
_COMPLAINT = TypeAdapter(AdminComplaintOut)


@router.get(
    "",
    summary="List everybody's complaints, newest first",
    response_model=Page[AdminComplaintSummary],
    responses=refusals(*_STAFF, BadCursor),
)
async def list_all_complaints(
    _staff: CurrentAdmin,
    complaints: Complaints,
    status: StatusQuery = None,
    kind: Annotated[ComplaintKind | None, Query(description="Only those of this kind")] = None,
    vendor_id: Annotated[Uuid | None, Query(description="Only those that name this shop")] = None,
    overdue: Annotated[bool, Query(description="Only those whose answer is late")] = False,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Slice[Complaint]:
    wanted = ComplaintFilter(status, kind, VendorId(vendor_id) if vendor_id else None)
    return await complaints.page(wanted, limit, cursor, overdue=overdue, count=total)


@router.get(
    "/{complaint_id}",
    summary="See somebody's complaint",
    response_model=AdminComplaintOut,
    responses=refusals(*_STAFF, ComplaintNotFound),
)
async def see_any_complaint(complaint_id: ComplaintPath, _staff: CurrentAdmin, complaints: Complaints) -> Complaint:
    return await complaints.get(ComplaintId(complaint_id))


@router.post(
    "/{complaint_id}/answer",
    summary="Answer a complaint",
    response_model=AdminComplaintOut,
    responses=refusals(*_STAFF, ComplaintNotFound, IllegalComplaintMove, *ONCE),
)
async def answer_complaint(
    complaint_id: ComplaintPath, body: AnswerIn, admin: CurrentAdmin, complaints: Complaints, once: OnceDep
) -> Response:
    """Once, until its person writes again. The answer goes to its person as a letter."""
    return await once.answer(
        admin.id, 200, lambda: complaints.answer(admin, ComplaintId(complaint_id), body.text), _COMPLAINT
    )


@router.post(
    "/{complaint_id}/close",
    summary="Close an answered complaint",
    response_model=AdminComplaintOut,
    responses=refusals(*_STAFF, ComplaintNotFound, IllegalComplaintMove),
)
async def close_any_complaint(complaint_id: ComplaintPath, admin: CurrentAdmin, complaints: Complaints) -> Complaint:
    """Not while its answer is owed. Closed again, nothing changes."""
    return await complaints.close_as_admin(admin, ComplaintId(complaint_id))


@router.get(
    "/{complaint_id}/evidence/{evidence_id}",
    summary="Fetch a picture of somebody's complaint",
    response_class=Response,
    responses=PICTURE | refusals(*_STAFF, EvidenceNotFound, PictureNotFound, StorageAway),
)
async def fetch_any_evidence(
    complaint_id: ComplaintPath, evidence_id: EvidencePath, _staff: CurrentAdmin, evidence: Evidence
) -> Response:
    return picture(await evidence.file(ComplaintId(complaint_id), EvidenceId(evidence_id)))
