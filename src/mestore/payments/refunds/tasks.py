"""What the worker does for refunds."""

from datetime import timedelta

import structlog

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.events import RefundDue
from mestore.payments.events import RefundRequested
from mestore.payments.models import Refund
from mestore.payments.refunds.repository import RefundRepository
from mestore.payments.refunds.sending import RefundSending
from mestore.payments.refunds.service import RefundService
from mestore.payments.states import RefundStatus

log = structlog.get_logger(__name__)
_AT_ONCE = 50
_LEASE = timedelta(seconds=60)


async def open_refund(world: World, event: RefundDue) -> None:
    async with transaction(world.sessions) as session:
        await RefundService(session, world.settings, world.now).open(event)


async def send_refund(world: World, event: RefundRequested) -> None:
    async with transaction(world.sessions) as session:
        await RefundSending(session, world).send(event.refund_id)


async def send_due_refunds(world: World) -> None:
    """Send what waits to be sent, and ask about what was, where its time has come. What can't be done now keeps its
    turn for a minute later.
    """
    async with transaction(world.sessions) as session:
        due = await RefundRepository(session).claim_due(_AT_ONCE, _LEASE)
    for refund in due:
        try:
            await _go_on(world, refund)
        except Exception:  # one that fails keeps none of the others back
            log.exception("refund_failed", refund_id=refund.id)


async def _go_on(world: World, refund: Refund) -> None:
    async with transaction(world.sessions) as session:
        sending = RefundSending(session, world)
        if refund.status is RefundStatus.REQUESTED:
            await sending.send(refund.id)
        else:
            await sending.ask(refund)
