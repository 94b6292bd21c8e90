"""Where administrators see to money that no rule could place."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import PaymentCaseId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.payments.cases.repository import CaseFilter
from mestore.payments.cases.schemas import CaseOut, CloseCaseIn
from mestore.payments.cases.service import CaseService
from mestore.payments.errors import CaseClosed, CaseIsAReview, CaseNotFound
from mestore.payments.models import CaseKind, CaseResolution, PaymentCase
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/payment-cases", tags=["admin"], route_class=StrictRoute)
Cases = Annotated[CaseService, Depends()]
CasePath = Annotated[PathInt, Path(examples=[123])]
_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)
_CASE = TypeAdapter(CaseOut)


@router.get(
    "",
    summary="List money that no rule could place",
    response_model=Page[CaseOut],
    responses=refusals(*_OF_STAFF, BadCursor),
)
async def list_payment_cases(
    _admin: CurrentAdmin,
    cases: Cases,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those that wait, or only closed ones")
    ] = None,
    kind: Annotated[CaseKind | None, Query(description="Only those of this kind")] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[PaymentCase]:
    """Unmatched, late, second and mismatched payments, and what waits for a review: the newest first."""
    return await cases.page(CaseFilter(is_open, kind), limit, cursor, count=total)


@router.get(
    "/{case_id}",
    summary="See a case of money",
    response_model=CaseOut,
    responses=refusals(*_OF_STAFF, CaseNotFound),
)
async def see_payment_case(case_id: CasePath, _admin: CurrentAdmin, cases: Cases) -> PaymentCase:
    return await cases.get(PaymentCaseId(case_id))


@router.post(
    "/{case_id}/close",
    summary="Close a case of money",
    response_model=CaseOut,
    responses=refusals(*_OF_STAFF, CaseNotFound, CaseIsAReview, CaseClosed, IdempotencyKeyInUse, IdempotencyKeyReused),
)
async def close_payment_case(
    case_id: CasePath, body: CloseCaseIn, admin: CurrentAdmin, cases: Cases, once: OnceDep
) -> Response:
    """Once, and it moves no money. Closed again with the same resolution, nothing changes."""
    resolution = CaseResolution(body.resolution)
    return await once.answer(
        admin.id, 200, lambda: cases.close(admin, PaymentCaseId(case_id), resolution, body.note), _CASE
    )
