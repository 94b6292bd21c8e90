"""F33–F37: whatever gateways say of two attempts, and in whatever order it arrives, the end is one and the same."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import combinations, permutations
from typing import Any

import asyncpg
import pytest

from mestore.app.check import RULES, ask
from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.payments.events import GatewayEventReceived
from mestore.payments.models import GatewayEvent, Payment
from mestore.payments.states import PaymentStatus
from mestore.payments.webhooks.service import handle
from tests.make import Make
from tests.payments.attempts import tell, waiting
from tests.payments.bank import Bank
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
PENDING, DECLINED, APPROVED, VOIDED = "2 pending", "1 declined", "2 approved", "2 voided"
SAID = (PENDING, DECLINED, APPROVED, APPROVED, VOIDED)
"""Of the first and the second attempt; the approval is told twice."""

STATE = """
    SELECT o.status, array_agg(DISTINCT h.state), p.stock, p.reserved,
        (SELECT array_agg((status, settles_order)::text ORDER BY id) FROM payments WHERE order_id = o.id),
        (SELECT array_agg(DISTINCT kind) FROM payment_cases c JOIN payments y ON y.id = c.payment_id
            WHERE y.order_id = o.id),
        (SELECT count(*) FROM refunds WHERE order_id = o.id),
        (SELECT count(*) FROM commissions WHERE order_id = o.id)
    FROM orders o JOIN stock_holds h ON h.order_id = o.id JOIN products p ON p.id = h.product_id
    WHERE o.id = :id GROUP BY o.id, p.id"""


def orders_of(said: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Each order in which these may come, once."""
    yield from sorted(set(permutations(said)))


async def all_rules_hold(settings: Settings, but: str | None = None) -> None:
    connection = await asyncpg.connect(settings.database.url)
    try:
        found = [await ask(connection, rule) for rule in RULES if rule.name != but]
    finally:
        await connection.close()
    assert [f"{each.rule.name}: {each.rows}" for each in found if each.broken] == []


async def test_what_is_settled_in_any_order_ends_alike(make: Make, rows: Rows, world: World, drain: Drain) -> None:
    """Each answer as it was when the gateway was asked, and applied whenever its job gets to it.

    What was approved first and voided then has been sold meanwhile; so that alone makes two ends of one set.
    """
    ends: dict[Any, set[str]] = defaultdict(set)
    sets = sorted({tuple(sorted(some)) for size in (3, 4, 5) for some in combinations(SAID, size)})
    for said in sets:
        for arriving in orders_of(said):
            order = await make.order()
            # The first was given up, as after a page that was left open too long.
            first = await waiting(world, order, status=PaymentStatus.EXPIRED)
            second = await waiting(world, order)
            for each in arriving:
                attempt, status = each.split()
                await tell(world, first if attempt == "1" else second, PaymentStatus(status.upper()))
            sold_first = {APPROVED, VOIDED} <= set(arriving) and arriving.index(APPROVED) < arriving.index(VOIDED)
            (end,) = await rows.execute(STATE, id=order.id)
            ends[said, sold_first].add(str(tuple(end)))
    assert {key: len(found) for key, found in ends.items() if len(found) > 1} == {}
    assert len({str(found) for found in ends.values()}) == 3, "not all sets end alike"
    await drain()
    await all_rules_hold(world.settings)


@pytest.mark.parametrize("voided", [False, True])
async def test_what_is_announced_in_any_order_ends_alike(
    bank: Bank, make: Make, rows: Rows, world: World, drain: Drain, *, voided: bool
) -> None:
    """Announcements over the webhook's own address: each only makes us ask, so that the last word is the same."""
    ends = set()
    for arriving in orders_of(SAID if voided else SAID[:-1]):
        order = await make.order()
        first = await bank.begun(order)
        bank.decide(first, "DECLINED")
        await rows.execute("UPDATE payments SET status = 'EXPIRED', ask_after = NULL WHERE id = :id", id=first.id)
        second = await bank.begun(order)
        bank.decide(second, "APPROVED")
        if voided:
            bank.decide(second, "VOIDED")
        events = await announced(bank, first, second)
        for each in arriving:
            assert (await bank.post(events[each])).status_code == 200
            newest = max(await rows.all(GatewayEvent), key=lambda event: event.id)
            await handle(world, GatewayEventReceived(newest.id))
        (end,) = await rows.execute(STATE, id=order.id)
        ends.add(str(tuple(end)))
    await drain()
    assert len(ends) == 1, ends
    status = "PENDING" if voided else "CONFIRMED"
    assert {order.status for order in await rows.all(Order)} == {status}
    await all_rules_hold(world.settings)


async def announced(bank: Bank, first: Payment, second: Payment) -> dict[str, Any]:
    """Wompi's events by what they say, and one that it would send of a transaction that still waits."""
    found = {}
    for number, payment in (("1", first), ("2", second)):
        for event in bank.sandbox.events(payment.reference):
            status = next(word for word in ("APPROVED", "DECLINED", "VOIDED") if f'"{word}"' in event["body"])
            found[f"{number} {status.lower()}"] = event
    changes = {"data.transaction.status": "PENDING"}
    found[PENDING] = bank.forged(reference=second.reference, changes=changes, sign=True)
    return found
