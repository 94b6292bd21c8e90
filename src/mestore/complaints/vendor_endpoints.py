"""Where a shop sees the complaints that name it, and speaks in them."""

from fastapi import APIRouter
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
from mestore.complaints.errors import ComplaintClosed, ComplaintNotFound, EvidenceNotFound, TooManyMessages
from mestore.complaints.models import Complaint
from mestore.complaints.repository import ComplaintFilter
from mestore.complaints.schemas import ComplaintMessageIn, ComplaintOut, ComplaintSummary
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import OnceDep
from mestore.core.ids import ComplaintId, EvidenceId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.media.errors import PictureNotFound, StorageAway
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/vendor/complaints", tags=["complaints"], route_class=StrictRoute)
_VENDORS = (NotSignedIn, WrongAccountType, VendorNotFound)
_COMPLAINT = TypeAdapter(ComplaintOut)


@router.get(
    "",
    summary="List the complaints that name my shop",
    response_model=Page[ComplaintSummary],
    responses=refusals(*_VENDORS, BadCursor),
)
async def list_complaints_of_shop(
    vendor: CurrentVendor,
    complaints: Complaints,
    status: StatusQuery = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Slice[Complaint]:
    """The newest first."""
    return await complaints.page_of_vendor(vendor, ComplaintFilter(status), limit, cursor, count=total)


@router.get(
    "/{complaint_id}",
    summary="See a complaint that names my shop",
    response_model=ComplaintOut,
    responses=refusals(*_VENDORS, ComplaintNotFound),
)
async def see_complaint_of_shop(
    complaint_id: ComplaintPath, vendor: CurrentVendor, complaints: Complaints
) -> Complaint:
    return await complaints.of_vendor(vendor, ComplaintId(complaint_id))


@router.post(
    "/{complaint_id}/messages",
    summary="Speak in a complaint that names my shop",
    status_code=201,
    response_model=ComplaintOut,
    responses=refusals(*_VENDORS, ComplaintNotFound, ComplaintClosed, TooManyMessages, *ONCE),
)
async def write_as_shop(
    complaint_id: ComplaintPath,
    body: ComplaintMessageIn,
    vendor: CurrentVendor,
    complaints: Complaints,
    once: OnceDep,
) -> Response:
    """Its state stays: the marketplace owes an answer of its own."""
    return await once.answer(
        vendor.id, 201, lambda: complaints.write_as_vendor(vendor, ComplaintId(complaint_id), body.text), _COMPLAINT
    )


@router.get(
    "/{complaint_id}/evidence/{evidence_id}",
    summary="Fetch a picture of a complaint that names my shop",
    response_class=Response,
    responses=PICTURE | refusals(*_VENDORS, EvidenceNotFound, PictureNotFound, StorageAway),
)
async def fetch_evidence_of_shop(
    complaint_id: ComplaintPath, evidence_id: EvidencePath, vendor: CurrentVendor, evidence: Evidence
) -> Response:
    return picture(await evidence.of_vendor(vendor, ComplaintId(complaint_id), EvidenceId(evidence_id)))
