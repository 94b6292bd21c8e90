"""Where its packages take an order: the tables of states, as pure functions."""

from collections import defaultdict
from itertools import product as combinations

import pytest

from mestore.orders.states import MAY, NEXT, OVER, PACKAGE_NEXT, Actor, follow
from mestore.orders.states import OrderStatus as Order
from mestore.orders.states import PackageStatus as Part
from tests.rows import Rows

REVIVED = defaultdict(frozenset[Part], {Part.CANCELLED: frozenset({Part.PENDING})})
"""By `OrderStateService.revive` alone, and with the whole order."""


async def test_the_database_holds_the_same_edges_of_packages(rows: Rows) -> None:
    stored = set(map(tuple, await rows.execute("SELECT from_status, to_status FROM package_edges")))
    assert stored == {(before.value, after.value) for before, nexts in PACKAGE_NEXT.items() for after in nexts}


@pytest.mark.parametrize(
    ("status", "packages", "moves"),
    [
        (Order.CONFIRMED, [Part.PENDING, Part.PENDING], []),
        (Order.CONFIRMED, [Part.PREPARING, Part.PENDING], [Order.PROCESSING]),
        (Order.CONFIRMED, [Part.READY_TO_SHIP], [Order.PROCESSING]),
        (Order.CONFIRMED, [Part.SHIPPED], [Order.SHIPPED]),
        (Order.CONFIRMED, [Part.SHIPPED, Part.PENDING], [Order.PROCESSING]),
        (Order.PROCESSING, [Part.SHIPPED, Part.SHIPPED], [Order.SHIPPED]),
        (Order.PROCESSING, [Part.SHIPPED, Part.CANCELLED], [Order.SHIPPED]),
        (Order.PROCESSING, [Part.DELIVERED, Part.PREPARING], []),
        (Order.PROCESSING, [Part.DELIVERED, Part.CANCELLED], [Order.SHIPPED, Order.DELIVERED]),
        (Order.PROCESSING, [Part.DELIVERED, Part.SHIPPED], [Order.SHIPPED]),
        (Order.SHIPPED, [Part.DELIVERED, Part.SHIPPED], []),
        (Order.SHIPPED, [Part.DELIVERED, Part.DELIVERED], [Order.DELIVERED]),
        (Order.SHIPPED, [Part.DELIVERED, Part.RETURNED], [Order.DELIVERED]),
        (Order.CONFIRMED, [Part.CANCELLED, Part.PENDING], []),
        (Order.CONFIRMED, [Part.CANCELLED, Part.CANCELLED], [Order.CANCELLED]),
        (Order.PROCESSING, [Part.CANCELLED], [Order.CANCELLED]),
        (Order.SHIPPED, [Part.RETURNED], []),
        (Order.PROCESSING, [Part.RETURNED, Part.CANCELLED], []),
        (Order.PROCESSING, [Part.RETURNED, Part.PENDING], []),
        (Order.DELIVERED, [Part.RETURNED], []),
        (Order.DELIVERED, [Part.DELIVERED, Part.RETURNED], []),
        (Order.PENDING, [Part.PENDING], []),
        (Order.CANCELLED, [Part.CANCELLED], []),
        (Order.REFUNDED, [Part.RETURNED], []),
    ],
)
def test_packages_drive_the_order(status: Order, packages: list[Part], moves: list[Order]) -> None:
    assert list(follow(status, packages)) == moves


@pytest.mark.parametrize("count", [1, 2, 3])
def test_whatever_its_packages_do_an_order_keeps_to_its_table(count: int) -> None:
    """Every state of an order and its packages that can be reached, and every move out of it."""
    reached, left = set(), [(Order.CONFIRMED, (Part.PENDING,) * count)]
    while left:
        status, parts = left.pop()
        if (status, parts) in reached:
            continue
        reached.add((status, parts))
        moves = [(place, to) for place in range(count) for to in PACKAGE_NEXT[parts[place]] - REVIVED[parts[place]]]
        for index, after in moves:
            moved = (*parts[:index], after, *parts[index + 1 :])
            then = status
            for step in follow(status, moved):
                assert step in NEXT[then], (status, moved)
                then = step
            assert not follow(then, moved), "what was followed once is followed"
            left.append((then, moved))
    for status, parts in reached:
        live = set(parts) - OVER
        assert (status is Order.CANCELLED) == (set(parts) == {Part.CANCELLED})
        if live:
            assert (status is Order.DELIVERED) == (live == {Part.DELIVERED}), (status, parts)
            assert (status is Order.SHIPPED) == (Part.SHIPPED in live <= {Part.SHIPPED, Part.DELIVERED}), parts


def test_nobody_may_ask_for_a_move_that_there_is_not() -> None:
    assert {(before, after) for before, after in MAY} <= {(b, a) for b, nexts in NEXT.items() for a in nexts}
    assert all(Actor.SYSTEM not in actors for actors in MAY.values())


def test_what_is_over_stays_so_but_for_what_late_money_revives() -> None:
    assert {status for status, nexts in PACKAGE_NEXT.items() if not nexts - REVIVED[status]} == OVER
    assert {before for before, after in combinations(Part, OVER) if after in PACKAGE_NEXT[before]} == set(Part) - OVER
