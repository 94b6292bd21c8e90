"""Attempts that wait, and what gateways say of them, without a gateway."""

from datetime import timedelta
from itertools import count
from typing import Any

from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.payments.gateways.base import Charge
from mestore.payments.models import Payment
from mestore.payments.settlement import Settlement
from mestore.payments.states import PaymentMethod, PaymentStatus

_NUMBERS = count(1)


async def waiting(world: World, order: Order, **more: Any) -> Payment:
    """An attempt to pay the order that waits at the bank."""
    values: dict[str, Any] = {
        "order_id": order.id,
        "buyer_id": order.buyer_id,
        "gateway": "wompi",
        "method": PaymentMethod.PSE,
        "reference": f"{order.order_number}-{next(_NUMBERS)}",
        "amount": order.total_amount,
        "status": PaymentStatus.PENDING,
        "fraud_score": 0,
        "fraud_reasons": [],
        "expires_at": world.now() + timedelta(hours=1),
    }
    payment = Payment(**(values | more))
    async with transaction(world.sessions) as session:
        session.add(payment)
    return payment


async def tell(
    world: World,
    payment: Payment,
    status: PaymentStatus,
    *,
    amount: Money | None = None,
    card: str | None = None,
    source: str = "sweep",
) -> None:
    """The gateway's word about an attempt is settled, as when it was asked."""
    charge = Charge(
        payment.reference, f"tx-{payment.id}", status, amount or payment.amount, payment.currency, card=card
    )
    async with transaction(world.sessions) as session:
        await Settlement(session, world.settings).apply(payment, charge, source)


async def approve(world: World, payment: Payment, **more: Any) -> None:
    await tell(world, payment, PaymentStatus.APPROVED, **more)
