"""Whatever comes back in whichever parts: they add up to the line, and the last brings the shipping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.core.ids import OrderItemId
from mestore.core.money import ZERO, Money, total
from mestore.orders.returned_amounts import Line, owed_for


def line(number: int, quantity: int, paid: int, refunded: int = 0) -> Line:
    return Line(OrderItemId(number), quantity, Money(paid), refunded)


def left_of(lines: list[Line]) -> dict[OrderItemId, int]:
    """The units that have not come back."""
    left = {each.item_id: each.quantity - each.refunded_units for each in lines}
    return {item_id: count for item_id, count in left.items() if count}


@pytest.mark.parametrize(
    ("refunded", "units", "amount"),
    [(0, 1, 33), (1, 1, 34), (2, 1, 33), (0, 2, 67), (1, 2, 67), (0, 3, 100)],
)
def test_a_hundred_pesos_for_three_units(refunded: int, units: int, amount: int) -> None:
    kept = line(2, 1, 50)
    owed = owed_for([line(1, 3, 100, refunded), kept], {OrderItemId(1): units}, Money(15_000))
    assert (owed.amount, owed.whole_package) == (Money(amount), False)


def test_the_last_unit_of_the_package_brings_the_shipping() -> None:
    lines = [line(1, 2, 20_000, 1), line(2, 1, 50_000, 1)]
    owed = owed_for(lines, {OrderItemId(1): 1}, Money(15_000))
    assert (owed.amount, owed.whole_package) == (Money(25_000), True)


def test_half_a_peso_goes_to_the_buyer() -> None:
    owed = owed_for([line(1, 2, 101)], {OrderItemId(1): 1}, ZERO)
    assert owed.amount == Money(51)


@given(st.data())
def test_any_sequence_of_partial_returns_adds_up_to_the_package(data: st.DataObject) -> None:
    sizes = data.draw(
        st.lists(st.tuples(st.integers(1, 12), st.integers(0, 5_000_000)), min_size=1, max_size=4), label="lines"
    )
    shipping = Money(data.draw(st.integers(0, 40_000), label="shipping"))
    lines = [line(number, quantity, paid) for number, (quantity, paid) in enumerate(sizes, start=1)]
    back: list[Money] = []
    while left := left_of(lines):
        chosen = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1), label="items")
        units = {item_id: data.draw(st.integers(1, left[item_id]), label="units") for item_id in sorted(chosen)}
        owed = owed_for(lines, units, shipping)
        assert owed.amount >= ZERO
        lines = [
            Line(each.item_id, each.quantity, each.paid, each.refunded_units + units.get(each.item_id, 0))
            for each in lines
        ]
        assert owed.whole_package == all(each.refunded_units == each.quantity for each in lines)
        back.append(owed.amount)
    assert total(back) == total([each.paid for each in lines]) + shipping
