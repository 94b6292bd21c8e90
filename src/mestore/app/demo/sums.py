"""What an order must cost, computed from the published prices alone, apart from the code that it checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mestore.app.demo.story import Line
from mestore.app.demo.web import expect
from mestore.core.market_settings import OrderSettings


@dataclass(frozen=True)
class Sum:
    subtotal: Decimal
    iva: Decimal
    shipping: Decimal

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.iva + self.shipping

    def __str__(self) -> str:
        return f"{self.subtotal:,.0f} + IVA {self.iva:,.0f} + shipping {self.shipping:,.0f} = {self.total:,.0f} COP"


def of_package(lines: Sequence[Line], rules: OrderSettings) -> Sum:
    """The products of one vendor."""
    net = [Decimal(line.product["precio_venta"]) * line.quantity for line in lines]
    subtotal = sum(net, Decimal(0))
    iva = sum(
        (to_the_peso(part * Decimal(line.product["iva_rate"])) for part, line in zip(net, lines, strict=True)),
        Decimal(0),
    )
    shipping = Decimal(0) if subtotal >= rules.free_shipping_from else rules.shipping_cost
    return Sum(to_the_peso(subtotal), iva, shipping)


def together(packages: Sequence[Sum]) -> Sum:
    return Sum(
        sum((package.subtotal for package in packages), Decimal(0)),
        sum((package.iva for package in packages), Decimal(0)),
        sum((package.shipping for package in packages), Decimal(0)),
    )


def shown(answer: dict[str, Any], total: str) -> Sum:
    """What an order or package of the API says; its field `total` must be the sum of the parts."""
    parts = Sum(*(Decimal(answer[name]) for name in ("subtotal", "iva_amount", "shipping_cost")))
    expect(parts.total == Decimal(answer[total]), f"{total} is {answer[total]}, but {parts}")
    return parts


def to_the_peso(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP)
