"""What the document's examples of collections and differences speak of."""

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.payments.gateways.base import Attempt
from mestore.payments.gateways.routes import gateway_named
from mestore.payments.models import Payment
from mestore.payments.reconciliation.models import DifferenceKind, ReconciliationDifference
from mestore.payments.states import PaymentMethod, PaymentStatus
from tests.make import Make
from tests.returns.stage import EXAMPLE_ROW
from tests.rows import Rows


async def stage_slip(make: Make, world: World) -> Payment:
    """An attempt that waits for a counter, under the first code that a new sandbox gives."""
    order = await make.order()
    attempt = Attempt(
        reference=f"{order.order_number}-0000aaaa",
        amount=order.total_amount,
        method=PaymentMethod.EFECTY,
        description="Pedido",
        customer_email="ana@example.co",
        customer_name="Ana Ruiz",
        customer_phone="+573001234567",
        return_url=world.settings.payments.return_url,
        details={},
    )
    charge = await gateway_named("efecty", world).start(attempt)
    assert charge.instructions is not None
    payment = Payment(
        order_id=order.id,
        buyer_id=order.buyer_id,
        gateway="efecty",
        method=attempt.method,
        reference=attempt.reference,
        gateway_transaction_id=charge.transaction_id,
        code=charge.instructions.code,
        code_expires_at=charge.instructions.expires_at,
        amount=attempt.amount,
        status=PaymentStatus.PENDING,
        fraud_score=0,
        fraud_reasons=[],
        expires_at=charge.instructions.expires_at,
    )
    async with transaction(world.sessions) as session:
        session.add(payment)
    return payment


async def stage_difference(rows: Rows, world: World) -> ReconciliationDifference:
    await rows.execute(f"ALTER TABLE reconciliation_differences ALTER COLUMN id RESTART WITH {EXAMPLE_ROW}")
    difference = ReconciliationDifference(
        gateway="wompi",
        day=world.now().date(),
        kind=DifferenceKind.MISSING_HERE,
        reference="unknown",
        theirs="APPROVED 150000.00 COP",
        reason="no attempt of ours has this reference",
    )
    async with transaction(world.sessions) as session:
        session.add(difference)
    return difference
