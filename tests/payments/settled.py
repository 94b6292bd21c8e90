"""An order that was paid, with the payment that settled it, and no bank."""

from datetime import timedelta
from typing import Any

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.state_service import OrderStateService
from mestore.payments.models import Payment, PaymentEvent
from mestore.payments.states import PaymentMethod, PaymentStatus


async def settle(
    world: World, order: Order, method: PaymentMethod = PaymentMethod.PSE, *, confirmed: bool = True, **more: Any
) -> Payment:
    """The order is CONFIRMED, unless it shall not be, as if its gateway had approved all of it."""
    values: dict[str, Any] = {
        "order_id": order.id,
        "buyer_id": order.buyer_id,
        "gateway": "wompi",
        "method": method,
        "reference": f"{order.order_number}-paid",
        "gateway_transaction_id": f"tx-{order.id}",
        "amount": order.total_amount,
        "status": PaymentStatus.APPROVED,
        "fraud_score": 0,
        "fraud_reasons": [],
        "expires_at": world.now() + timedelta(hours=1),
    }
    payment = Payment(**(values | more))
    async with transaction(world.sessions) as session:
        states = OrderStateService(session)
        locked = await states.locked(order.id)
        session.add(payment)
        await session.flush()
        session.add(
            PaymentEvent(
                payment_id=payment.id,
                source="webhook",
                status=PaymentStatus.APPROVED,
                amount=payment.amount,
                currency="COP",
                gateway_transaction_id=payment.gateway_transaction_id,
            )
        )
        if confirmed:
            await states.confirm(locked, f"payment {payment.id} approved")
    return payment
