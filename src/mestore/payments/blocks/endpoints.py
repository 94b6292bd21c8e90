"""Where administrators keep the block list."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from mestore.core.boundary import Cursor, Limit, PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import FraudBlockId, PaymentId
from mestore.core.paging import BadCursor, Page, Slice
from mestore.payments.blocks.schemas import BlockIn, BlockOut
from mestore.payments.blocks.service import BlockService
from mestore.payments.errors import AlreadyBlocked, BlockNotFound, NothingToBlock, PaymentNotFound
from mestore.payments.models import BlockKind, FraudBlock
from mestore.users.current import CurrentAdmin
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType

router = APIRouter(prefix="/admin/fraud/blocks", tags=["admin"], route_class=StrictRoute)
Blocks = Annotated[BlockService, Depends()]
_OF_STAFF = (NotSignedIn, WrongAccountType, SecondFactorNeeded)
_BLOCK = TypeAdapter(BlockOut)


@router.get(
    "",
    summary="List who may not pay",
    response_model=Page[BlockOut],
    responses=refusals(*_OF_STAFF, BadCursor),
)
async def list_fraud_blocks(
    _admin: CurrentAdmin,
    blocks: Blocks,
    kind: Annotated[BlockKind | None, Query(description="Only those of this kind")] = None,
    limit: Annotated[Limit, Query()] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    total: Annotated[bool, Query()] = False,
) -> Slice[FraudBlock]:
    """The newest first. The values themselves are not kept, and can't be read back."""
    return await blocks.page(kind, limit, cursor, count=total)


@router.post(
    "",
    status_code=201,
    summary="Block somebody from paying",
    response_model=BlockOut,
    responses=refusals(
        *_OF_STAFF, PaymentNotFound, NothingToBlock, AlreadyBlocked, IdempotencyKeyInUse, IdempotencyKeyReused
    ),
)
async def add_fraud_block(body: BlockIn, admin: CurrentAdmin, blocks: Blocks, once: OnceDep) -> Response:
    """An e-mail address, phone, document, device or address of the network; or what a payment came from."""

    async def add() -> FraudBlock:
        if body.payment_id is not None:
            return await blocks.block_of_payment(admin, body.kind, PaymentId(body.payment_id), body.reason)
        assert body.value is not None
        return await blocks.block(admin, body.kind, body.value, body.reason)

    return await once.answer(admin.id, 201, add, _BLOCK)


@router.delete(
    "/{block_id}",
    status_code=204,
    summary="Let somebody pay again",
    responses=refusals(*_OF_STAFF, BlockNotFound),
)
async def remove_fraud_block(
    block_id: Annotated[PathInt, Path(examples=[123])], admin: CurrentAdmin, blocks: Blocks
) -> None:
    await blocks.remove(admin, FraudBlockId(block_id))
