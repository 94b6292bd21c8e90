"""Rows under the numbers that the document's examples name."""

from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.states import PackageStatus
from mestore.payments.models import Refund
from mestore.payments.states import RefundStatus
from mestore.returns.models import Return, ReturnItem
from mestore.returns.states import ReturnStatus
from mestore.users.models import User
from tests.document import EXAMPLE_ORDER
from tests.make import Make
from tests.payments.settled import settle
from tests.rows import Rows

EXAMPLE_PAYMENT = 55
EXAMPLE_ROW = 1
"""What stands for every other row's number in a path."""


async def stage_delivered(make: Make, rows: Rows, world: World) -> tuple[User, User]:
    """Who has bought one unit, paid for it and got it, and who sold it."""
    vendor, buyer = await make.vendor(), await make.buyer()
    product = await make.product(vendor=vendor)
    for table in ("orders", "order_items"):
        await rows.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {EXAMPLE_ORDER}")
    order = await make.order(buyer=buyer, units={product.id: 1})
    await settle(world, order)
    await make.move(order, PackageStatus.DELIVERED)
    return buyer, await make.owner(vendor)


async def stage_return(make: Make, rows: Rows, world: World, status: ReturnStatus) -> tuple[User, User]:
    """Whose return it is, and whose shop it comes back to."""
    buyer, owner = await stage_delivered(make, rows, world)
    (row,) = await rows.execute("SELECT id, package_id, vendor_id FROM order_items")
    await rows.execute(f"ALTER TABLE returns ALTER COLUMN id RESTART WITH {EXAMPLE_ROW}")
    await rows.execute("UPDATE order_items SET returned_units = 1")
    async with transaction(world.sessions) as session:
        session.add(
            Return(
                order_id=EXAMPLE_ORDER,
                package_id=row.package_id,
                buyer_id=buyer.id,
                vendor_id=row.vendor_id,
                status=status,
                reason="",
                refund_due_at=world.now(),
                items=[ReturnItem(order_item_id=row.id, quantity=1)],
            )
        )
    return buyer, owner


async def stage_refund(make: Make, rows: Rows, world: World) -> User:
    """Whose money waits for a person to send it."""
    for table, number in (("orders", EXAMPLE_ORDER), ("payments", EXAMPLE_PAYMENT)):
        await rows.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {number}")
    buyer = await make.buyer()
    order = await make.order(buyer=buyer)
    payment = await settle(world, order)
    await rows.execute(f"ALTER TABLE refunds ALTER COLUMN id RESTART WITH {EXAMPLE_ROW}")
    async with transaction(world.sessions) as session:
        session.add(
            Refund(
                payment_id=payment.id,
                order_id=order.id,
                cause="return:1",
                amount=Money(100),
                reason="Devolviste productos (retracto)",
                status=RefundStatus.MANUAL,
                due_at=world.now(),
            )
        )
    return buyer
