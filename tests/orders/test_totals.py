"""Totals: whatever is bought of whomever, everything adds up to the peso."""

from hypothesis import given
from hypothesis import strategies as some

from mestore.catalog.models import IvaClass
from mestore.catalog.stock import Reserved
from mestore.core.ids import ProductId, VendorId, new_uuid
from mestore.core.money import ZERO, Money, total
from mestore.core.settings import OrderSettings
from mestore.orders.totals import order_totals, packages_of

SETTINGS = OrderSettings()
VENDORS = [VendorId(new_uuid()) for _ in range(4)]

products = some.lists(
    some.builds(
        lambda vendor, price, iva, quantity: Reserved(
            ProductId(new_uuid()), vendor, "x", "X", Money(price), iva, quantity
        ),
        some.sampled_from(VENDORS),
        some.integers(100, 100_000_000),
        some.sampled_from(IvaClass),
        some.integers(1, 999),
    ),
    min_size=1,
    max_size=12,
)


@given(products)
def test_lines_packages_and_order_add_up(bought: list[Reserved]) -> None:
    packages = packages_of(bought, SETTINGS)
    totals = order_totals(packages)
    lines = [line for package in packages for line in package.lines]
    assert total([line.total_price for line in lines]) == totals.subtotal
    assert total([line.iva_amount for line in lines]) == totals.iva_amount
    assert total([package.totals.total_amount for package in packages]) == totals.total_amount
    assert totals.total_amount == totals.subtotal + totals.iva_amount + totals.shipping_cost
    assert all(line.iva_amount.amount == line.iva_amount.amount.to_integral() for line in lines)


@given(products)
def test_each_vendor_ships_once_and_free_from_200000(bought: list[Reserved]) -> None:
    for package in packages_of(bought, SETTINGS):
        expected = ZERO if package.totals.subtotal >= Money(200_000) else Money(15_000)
        assert package.totals.shipping_cost == expected
        assert {line.product.vendor_id for line in package.lines} == {package.vendor_id}


@given(products)
def test_iva_by_class_is_right_to_half_a_peso(bought: list[Reserved]) -> None:
    for package in packages_of(bought, SETTINGS):
        for line in package.lines:
            exact = line.total_price.amount * line.product.iva_class.rate
            assert abs(line.iva_amount.amount - exact) * 2 <= 1
