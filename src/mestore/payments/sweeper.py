"""The sweeper: asks about every attempt without a final answer, at growing intervals, until the gateway tells."""

from datetime import timedelta

import structlog

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.state_service import OrderStateService
from mestore.payments.cases.repository import CaseRepository
from mestore.payments.gateways.base import OutcomeUnknown
from mestore.payments.gateways.routes import gateway_named
from mestore.payments.models import CaseResolution, Payment
from mestore.payments.repository import PaymentRepository
from mestore.payments.settlement import Settlement

log = structlog.get_logger(__name__)
_AT_ONCE = 50
_LEASE = timedelta(seconds=60)


async def ask_about_open_payments(world: World) -> None:
    """Ask about those whose time has come. One that can't be asked now keeps its turn for a minute later."""
    async with transaction(world.sessions) as session:
        due = await PaymentRepository(session).claim_due(_AT_ONCE, _LEASE)
    for payment in due:
        try:
            await _ask(world, payment)
        except OutcomeUnknown as error:
            log.warning("sweep_unanswered", payment_id=payment.id, gateway=payment.gateway, reason=str(error))
        except Exception:  # one that fails keeps none of the others back
            log.exception("sweep_failed", payment_id=payment.id, gateway=payment.gateway)


async def match_unknown_money(world: World) -> None:
    """Place what a gateway announced before we knew of the attempt, as after our database was set back (fault F41)."""
    async with transaction(world.sessions) as session:
        matched = await CaseRepository(session).matched(_AT_ONCE)
    for each in matched:
        try:
            charge = await gateway_named(each.gateway, world).find(each.reference)
        except OutcomeUnknown as error:
            log.warning("sweep_unanswered", payment_id=each.payment_id, gateway=each.gateway, reason=str(error))
            continue
        if charge is None:
            continue
        async with transaction(world.sessions) as session:
            payment = await PaymentRepository(session).by_reference(each.gateway, each.reference)
            assert payment is not None
            await Settlement(session, world.settings).apply(payment, charge, "sweep")
            note = f"its attempt is payment {payment.id}"
            await CaseRepository(session).close(each.case_id, CaseResolution.PLACED, None, note)


async def _ask(world: World, payment: Payment) -> None:
    charge = await gateway_named(payment.gateway, world).find(payment.reference)
    grace = timedelta(seconds=world.settings.payments.not_found_grace_seconds)
    async with transaction(world.sessions) as session:
        settlement = Settlement(session, world.settings)
        if charge is not None:
            await settlement.apply(payment, charge, "sweep")
        elif await PaymentRepository(session).older_than(payment.id, grace):
            order = await OrderStateService(session).locked(payment.order_id)
            await settlement.never_made(payment.id, order)
