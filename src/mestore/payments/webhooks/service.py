"""Webhooks are hints: verified on the raw body, stored once, answered at once. A job then asks the gateway itself."""

import structlog

from mestore.core.database import checkpoint, transaction
from mestore.core.failpoints import failpoint
from mestore.core.jobs import publish
from mestore.core.metrics import webhook_refusals
from mestore.core.world import World
from mestore.payments.errors import WrongSignature
from mestore.payments.events import GatewayEventReceived
from mestore.payments.gateways.base import Gateway
from mestore.payments.gateways.routes import gateway_named, gateways
from mestore.payments.models import CaseKind, EventOutcome
from mestore.payments.repository import InboxRepository, PaymentRepository
from mestore.payments.settlement import Settlement

log = structlog.get_logger(__name__)


async def receive(world: World, gateway_name: str, raw: bytes) -> None:
    """Keep an announcement; one that is there already is at most a reason to ask once more. Only what was verified is
    ever stored.

    Raises:
        WrongSignature: it can't be told to be the gateway's.
    """
    try:
        gateway = _configured(gateway_name, world)
        announcement = gateway.read_webhook(raw)
    except WrongSignature:
        webhook_refusals.labels(gateway_name).inc()
        raise
    if announcement is None:
        return
    async with transaction(world.intake_sessions) as session:
        event_id = await InboxRepository(session).keep(gateway_name, announcement)
        if event_id is not None:
            await publish(session, GatewayEventReceived(event_id))
        elif gateway.charges_again:
            await PaymentRepository(session).ask_soon(gateway_name, announcement.transaction_id)
        failpoint("keeping_event")
    failpoint("event_stored")


async def handle(world: World, received: GatewayEventReceived) -> None:
    """Ask the gateway about the transaction that was announced, and settle what it says: all in one transaction."""
    async with transaction(world.sessions) as session:
        inbox = InboxRepository(session)
        event = await inbox.waiting(received.event_id)
        if event is None:
            return
        await checkpoint(session)
        charge = await gateway_named(event.gateway, world).find_transaction(event.transaction_id)
        if charge is None:
            await inbox.handled(event.id, EventOutcome.NOT_CONFIRMED)
            log.warning("announcement_not_confirmed", event_id=event.id, gateway=event.gateway)
            return
        payment = await PaymentRepository(session).by_reference(event.gateway, charge.reference)
        if payment is None:
            await inbox.open_case(
                kind=CaseKind.UNMATCHED,
                gateway=event.gateway,
                gateway_transaction_id=charge.transaction_id,
                detail={"reference": charge.reference, "charged": str(charge.amount), "currency": charge.currency},
            )
            await inbox.handled(event.id, EventOutcome.UNMATCHED)
            return
        if await inbox.handled(event.id, EventOutcome.APPLIED):
            await Settlement(session, world.settings).apply(payment, charge, "webhook")
            failpoint("applying")


def _configured(name: str, world: World) -> Gateway:
    """Raises:
    WrongSignature: nothing of a gateway that we don't use can be told to be genuine.
    """
    gateway = gateways(world).get(name)
    if gateway is None:
        raise WrongSignature
    return gateway
