"""Where people file complaints and follow them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.complaints.errors import (
    ComplaintClosed,
    ComplaintNotFound,
    EvidenceNotFound,
    TooManyMessages,
    TooMuchEvidence,
    VendorNotInOrder,
)
from mestore.complaints.evidence import EvidenceService
from mestore.complaints.models import Complaint, ComplaintEvidence
from mestore.complaints.repository import ComplaintFilter
from mestore.complaints.schemas import ComplaintIn, ComplaintMessageIn, ComplaintOut, ComplaintSummary, EvidenceOut
from mestore.complaints.service import ComplaintService
from mestore.complaints.states import ComplaintStatus
from mestore.core.boundary import Cursor, Limit, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.forms import FormExpected, FormUnreadable
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import ComplaintId, EvidenceId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.media.errors import PictureNotFound, PictureUnreadable, StorageAway, TooManyPixels, WorkshopBusy
from mestore.media.storage import NOBODY_KEEPS
from mestore.media.uploads import FORM, Incoming
from mestore.orders.errors import OrderNotFound
from mestore.users.current import CurrentBuyer
from mestore.users.errors import NotSignedIn, WrongAccountType

router = APIRouter(prefix="/complaints", tags=["complaints"], route_class=StrictRoute)

Complaints = Annotated[ComplaintService, Depends()]
Evidence = Annotated[EvidenceService, Depends()]
ComplaintPath = Annotated[Uuid, Path()]
EvidencePath = Annotated[Uuid, Path()]
PageLimit = Annotated[Limit, Query(description="How many at most")]
PageCursor = Annotated[Cursor | None, Query(description="`next_cursor` of the page before")]
WithTotal = Annotated[bool, Query(description="Count all, which costs time")]
StatusQuery = Annotated[ComplaintStatus | None, Query(description="Only those in this state")]
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/webp": {"schema": {"type": "string", "format": "binary"}, "example": "…"}}}
}
ONCE = (IdempotencyKeyInUse, IdempotencyKeyReused)
_OWN = (NotSignedIn, WrongAccountType, ComplaintNotFound)
_COMPLAINT = TypeAdapter(ComplaintOut)


def picture(content: bytes) -> Response:
    """A picture that only this reader gets: nothing on its way keeps it."""
    return Response(content, media_type="image/webp", headers={"Cache-Control": NOBODY_KEEPS})


@router.post(
    "",
    summary="File a petition, complaint or claim (PQR)",
    status_code=201,
    response_model=ComplaintOut,
    responses=refusals(NotSignedIn, WrongAccountType, OrderNotFound, VendorNotInOrder, *ONCE),
)
async def file_complaint(body: ComplaintIn, buyer: CurrentBuyer, complaints: Complaints, once: OnceDep) -> Response:
    """It gets a `filing_number`, and a letter says so. It is answered by `due_at`: within fifteen working days."""
    return await once.answer(buyer.id, 201, lambda: complaints.file(buyer, body), _COMPLAINT)


@router.get(
    "",
    summary="List my complaints, newest first",
    response_model=Page[ComplaintSummary],
    responses=refusals(NotSignedIn, WrongAccountType, BadCursor),
)
async def list_complaints(
    buyer: CurrentBuyer,
    complaints: Complaints,
    status: StatusQuery = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Slice[Complaint]:
    return await complaints.page_of_person(buyer, ComplaintFilter(status), limit, cursor, count=total)


@router.get("/{complaint_id}", summary="See my complaint", response_model=ComplaintOut, responses=refusals(*_OWN))
async def see_complaint(complaint_id: ComplaintPath, buyer: CurrentBuyer, complaints: Complaints) -> Complaint:
    """With all that was said in it, the oldest first."""
    return await complaints.of_person(buyer, ComplaintId(complaint_id))


@router.post(
    "/{complaint_id}/messages",
    summary="Say more in my complaint",
    status_code=201,
    response_model=ComplaintOut,
    responses=refusals(*_OWN, ComplaintClosed, TooManyMessages, *ONCE),
)
async def write_in_complaint(
    complaint_id: ComplaintPath,
    body: ComplaintMessageIn,
    buyer: CurrentBuyer,
    complaints: Complaints,
    once: OnceDep,
) -> Response:
    """What was ANSWERED is OPEN again by it, and `due_at` counts from now."""
    return await once.answer(
        buyer.id, 201, lambda: complaints.write(buyer, ComplaintId(complaint_id), body.text), _COMPLAINT
    )


@router.post(
    "/{complaint_id}/evidence",
    summary="Add a picture to my complaint",
    status_code=201,
    response_model=EvidenceOut,
    openapi_extra=FORM,
    responses=refusals(
        *(*_OWN, ComplaintClosed, TooMuchEvidence, FormExpected, FormUnreadable, PictureUnreadable, TooManyPixels),
        *(WorkshopBusy, StorageAway),
    ),
)
async def add_evidence(
    complaint_id: ComplaintPath, buyer: CurrentBuyer, evidence: Evidence, incoming: Incoming
) -> ComplaintEvidence:
    """JPEG, PNG, WebP or AVIF by its content, at most 5 MiB and 40 megapixels, at most five to a complaint.

    Only whoever may read the complaint sees it. Neither its EXIF (where it was taken) nor its comments are kept.
    """
    return await evidence.add(buyer, ComplaintId(complaint_id), incoming)


@router.get(
    "/{complaint_id}/evidence/{evidence_id}",
    summary="Fetch a picture of my complaint",
    response_class=Response,
    responses=PICTURE | refusals(NotSignedIn, WrongAccountType, EvidenceNotFound, PictureNotFound, StorageAway),
)
async def fetch_evidence(
    complaint_id: ComplaintPath, evidence_id: EvidencePath, buyer: CurrentBuyer, evidence: Evidence
) -> Response:
    return picture(await evidence.of_person(buyer, ComplaintId(complaint_id), EvidenceId(evidence_id)))


@router.post(
    "/{complaint_id}/close",
    summary="Close my complaint",
    response_model=ComplaintOut,
    responses=refusals(*_OWN),
)
async def close_complaint(complaint_id: ComplaintPath, buyer: CurrentBuyer, complaints: Complaints) -> Complaint:
    """Content with the answer, or no longer in need of one. Closed again, nothing changes."""
    return await complaints.close(buyer, ComplaintId(complaint_id))
