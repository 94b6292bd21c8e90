"""The block list: who and what may not pay here. It keeps digests, so that reading it names nobody."""

import structlog

from mestore.core.database import Session
from mestore.core.ids import FraudBlockId, PaymentId
from mestore.core.paging import Slice
from mestore.core.wiring import CurrentSettings
from mestore.payments.blocks.repository import BlockRepository
from mestore.payments.errors import AlreadyBlocked, BlockNotFound, NothingToBlock
from mestore.payments.fraud.traces import Traces, hint_of
from mestore.payments.models import BlockKind, FraudBlock
from mestore.payments.review.repository import ReviewRepository
from mestore.users.models import User

log = structlog.get_logger(__name__)
_KEYS = {BlockKind.CARD: "card_key", BlockKind.DEVICE: "device_key", BlockKind.ADDRESS: "address_key"}


class BlockService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._blocks = BlockRepository(session)
        self._payments = ReviewRepository(session)
        self._traces = Traces(settings.fraud)

    async def page(self, kind: BlockKind | None, limit: int, cursor: str | None, *, count: bool) -> Slice[FraudBlock]:
        """The newest first.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        return await self._blocks.page(kind, limit, cursor, count=count)

    async def block(self, admin: User, kind: BlockKind, value: str, reason: str) -> FraudBlock:
        """Raises:
        AlreadyBlocked: in any spelling.
        """
        return await self._add(admin, kind, self._traces.digest(kind, value), hint_of(kind, value), reason)

    async def block_of_payment(self, admin: User, kind: BlockKind, payment_id: PaymentId, reason: str) -> FraudBlock:
        """Block the card, device or address that a payment came from, which only its traces tell.

        Raises:
            PaymentNotFound: there is none such.
            NothingToBlock: it has no trace of this kind.
            AlreadyBlocked
        """
        payment = await self._payments.get(payment_id)
        digest = getattr(payment, _KEYS[kind]) if kind in _KEYS else None
        if digest is None:
            raise NothingToBlock
        return await self._add(admin, kind, digest, f"payment {payment_id}", reason)

    async def remove(self, admin: User, block_id: FraudBlockId) -> None:
        """Raises:
        BlockNotFound: there is none such, or no longer.
        """
        if not await self._blocks.remove(block_id):
            raise BlockNotFound
        log.info("fraud_block_removed", block_id=block_id, by=str(admin.id))

    async def _add(self, admin: User, kind: BlockKind, digest: str, hint: str, reason: str) -> FraudBlock:
        added = await self._blocks.add_once(kind=kind, digest=digest, hint=hint, reason=reason, blocked_by=admin.id)
        if added is None:
            raise AlreadyBlocked(await self._blocks.id_of(digest))
        log.info("fraud_block_added", block_id=added.id, kind=kind.value, by=str(admin.id))
        return added
