"""Where administrators see how a gateway's books differ from ours, and say how that was settled."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import DifferenceId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.payments.errors import DifferenceClosed, DifferenceNotFound
from mestore.payments.reconciliation.differences import DifferenceService
from mestore.payments.reconciliation.models import ReconciliationDifference
from mestore.payments.reconciliation.schemas import DifferenceClosedIn, DifferenceOut
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/reconciliation", tags=["admin"], route_class=StrictRoute)
Differences = Annotated[DifferenceService, Depends()]
_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)
_DIFFERENCE = TypeAdapter(DifferenceOut)


@router.get(
    "",
    summary="List where gateways and we differ",
    response_model=Page[DifferenceOut],
    responses=refusals(*_OF_STAFF, BadCursor),
)
async def list_differences(
    _admin: CurrentAdmin,
    differences: Differences,
    still_open: Annotated[bool | None, Query(alias="open", description="Only open ones, or only closed ones")] = None,
    gateway: Annotated[Literal["wompi", "payu", "efecty"] | None, Query(description="Only those of one")] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[ReconciliationDifference]:
    """The newest first. Each day is compared with each gateway the day after; nothing is put right by itself."""
    return await differences.page(still_open, gateway, limit, cursor, count=total)


@router.post(
    "/{difference_id}/close",
    summary="Say how a difference was settled",
    response_model=DifferenceOut,
    responses=refusals(*_OF_STAFF, DifferenceNotFound, DifferenceClosed, IdempotencyKeyInUse, IdempotencyKeyReused),
)
async def close_difference(
    difference_id: Annotated[PathInt, Path()],
    body: DifferenceClosedIn,
    admin: CurrentAdmin,
    differences: Differences,
    once: OnceDep,
) -> Response:
    """Once, for ever: found again, it stays closed."""
    return await once.answer(
        admin.id, 200, lambda: differences.close(admin, DifferenceId(difference_id), body.note), _DIFFERENCE
    )
