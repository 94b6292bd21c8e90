"""Totals: whatever is bought of whomever, everything adds up to the peso."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from mestore.catalog.models import IvaClass
from mestore.catalog.stock import Reserved
from mestore.core.ids import ProductId, VendorId, new_uuid
from mestore.core.money import ZERO, Money, total
from mestore.orders.totals import order_totals, packages_of, parcels_of

VENDORS = [VendorId(new_uuid()) for _ in range(4)]
SHIPPING = {vendor: Money(1_000 * number) for number, vendor in enumerate(VENDORS)}

products = some.lists(
    some.builds(
        lambda vendor, price, iva, quantity: Reserved(
            ProductId(new_uuid()), vendor, "x", "X", Money(price), iva, quantity, Decimal("0.5"), None
        ),
        some.sampled_from(VENDORS),
        some.integers(100, 100_000_000),
        some.sampled_from(IvaClass),
        some.integers(1, 999),
    ),
    min_size=1,
    max_size=12,
)
parts_of_all = some.decimals(0, 1, places=4)


def discount_of(bought: list[Reserved], part: Decimal) -> Money:
    return total([each.unit_price * each.quantity for each in bought]).share(part)


@given(products, parts_of_all)
def test_lines_packages_and_order_add_up(bought: list[Reserved], part: Decimal) -> None:
    discount = discount_of(bought, part)
    packages = packages_of(bought, SHIPPING, discount)
    totals = order_totals(packages)
    lines = [line for package in packages for line in package.lines]
    assert total([line.total_price for line in lines]) == totals.subtotal
    assert total([line.discount for line in lines]) == totals.discount == discount
    assert total([line.iva_amount for line in lines]) == totals.iva_amount
    assert total([package.totals.total_amount for package in packages]) == totals.total_amount
    assert totals.total_amount == totals.subtotal - discount + totals.iva_amount + totals.shipping_cost
    for line in lines:
        assert ZERO <= line.discount <= line.total_price
        assert all(each.amount == each.amount.to_integral() for each in (line.discount, line.iva_amount))


@given(products, parts_of_all)
def test_a_line_bears_its_part_of_the_discount_to_the_peso(bought: list[Reserved], part: Decimal) -> None:
    discount = discount_of(bought, part)
    totals = order_totals(packages_of(bought, SHIPPING, discount))
    for package in packages_of(bought, SHIPPING, discount):
        for line in package.lines:
            exact = discount.amount * line.total_price.amount / totals.subtotal.amount
            assert abs(line.discount.amount - exact) < 1


@given(products)
def test_each_vendor_has_one_package_and_ships_it_once(bought: list[Reserved]) -> None:
    packages = packages_of(bought, SHIPPING)
    assert len({package.vendor_id for package in packages}) == len(packages)
    assert sorted(str(line.product.product_id) for package in packages for line in package.lines) == sorted(
        str(product.product_id) for product in bought
    )
    for package, parcel in zip(packages, parcels_of(bought), strict=True):
        assert package.totals.shipping_cost == SHIPPING[package.vendor_id]
        assert {line.product.vendor_id for line in package.lines} == {package.vendor_id} == {parcel.vendor_id}
        assert parcel.net_subtotal == package.totals.subtotal
        assert parcel.weight_kg == sum(line.product.quantity for line in package.lines) * Decimal("0.5")


@given(products, parts_of_all)
def test_iva_by_class_is_right_to_half_a_peso(bought: list[Reserved], part: Decimal) -> None:
    for package in packages_of(bought, SHIPPING, discount_of(bought, part)):
        for line in package.lines:
            exact = (line.total_price - line.discount).amount * line.product.iva_class.rate
            assert abs(line.iva_amount.amount - exact) * 2 <= 1
