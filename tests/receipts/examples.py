"""Receipts as the service would make them, without an order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mestore.catalog.models import IvaClass
from mestore.core.money import ZERO, Money, total
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.receipts.receipt import Amounts, Delivery, Line, Part, Receipt, Seller
from mestore.vendors.models import DocumentType

SELLER = Seller("Café de la Sierra S.A.S.", DocumentType.NIT, "900123456-8", "Santa Marta")


def line(price: int = 32_000, **more: Any) -> Line:
    """Of one unit; its IVA follows from its class."""
    plain = Line("Café de origen", "CAFE-500", 1, Money(price), ZERO, IvaClass.REDUCED, Decimal(0), ZERO)
    made = replace(plain, **more)
    rate = more.get("iva_rate", made.iva_class.rate)
    return replace(made, iva_rate=rate, iva_amount=made.base.share(rate))


def part(*lines: Line, shipping: int = 15_000, **more: Any) -> Part:
    net = total([each.unit_price * each.quantity for each in lines])
    discount = total([each.discount for each in lines])
    iva, sent = total([each.iva_amount for each in lines]), Money(shipping)
    amounts = Amounts(net, discount, iva, sent, net - discount + iva + sent)
    return replace(Part(SELLER, PackageStatus.PENDING, lines, amounts), **more)


def receipt(*parts: Part, **more: Any) -> Receipt:
    of = [each.amounts for each in parts]
    amounts = Amounts(
        total([each.subtotal for each in of]),
        total([each.discount for each in of]),
        total([each.iva_amount for each in of]),
        total([each.shipping_cost for each in of]),
        total([each.total for each in of]),
    )
    plain = Receipt(
        order_number="ORD-20261124-7KQ2M9XD",
        status=OrderStatus.CONFIRMED,
        placed_at=datetime(2026, 11, 25, 3, 4, tzinfo=UTC),
        paid_at=datetime(2026, 11, 25, 3, 9, tzinfo=UTC),
        buyer_name="Ana Ruiz",
        delivery=Delivery("Luis Ruiz", "Cra 7 # 71-21 Apto 301", "Bogotá, Bogotá D.C."),
        parts=parts,
        amounts=amounts,
    )
    return replace(plain, **more)


def many_lines(count: int) -> Sequence[Line]:
    return [line(sku=f"SKU-{number:03}", name=f"Producto número {number}") for number in range(count)]
