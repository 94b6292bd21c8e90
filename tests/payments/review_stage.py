"""What an administrator has to decide: a payment under review, a case, and somebody who is blocked."""

from dataclasses import dataclass

from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.payments.models import BlockKind, CaseKind, FraudBlock, Payment, PaymentCase
from mestore.users.models import User
from tests.make import Make
from tests.payments.attempts import approve, waiting
from tests.rows import Rows


@dataclass(frozen=True)
class ToDecide:
    payment_id: int
    case_id: int
    """Of another payment, which brought too little."""
    block_id: int


async def stage_review(make: Make, rows: Rows, world: World, admin: User) -> ToDecide:
    """Whose ids are those of the document's examples, where nothing of the kind was there before."""
    for table, number in (("payments", 55), ("payment_cases", 122), ("fraud_blocks", 123)):
        (last,) = await rows.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
        await rows.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {max(last[0] + 1, number)}")
    held = await waiting(world, await make.order(), fraud_score=65, fraud_reasons=["many_cards"])
    await approve(world, held)
    await approve(world, await waiting(world, await make.order()), amount=Money(100))
    block = FraudBlock(kind=BlockKind.DEVICE, digest="0" * 64, hint="", reason="x", blocked_by=admin.id)
    async with transaction(world.sessions) as session:
        session.add(block)
    (case,) = [each for each in await rows.all(PaymentCase) if each.kind is CaseKind.MISMATCH]
    assert (await rows.get(Payment, held.id)).settles_order
    return ToDecide(held.id, case.id, block.id)
