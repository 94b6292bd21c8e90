"""What a vendor learns of its sales."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.core.boundary import Output
from mestore.core.money import Money


class SoldProduct(Output):
    product_id: UUID
    name: Annotated[str, Field(examples=["Café de origen 500 g"])]
    sku: Annotated[str, Field(examples=["CAFE-500"])]
    units: int
    revenue: Money


class SoldCategory(Output):
    category_id: UUID
    name: Annotated[str, Field(examples=["Café"])]
    units: int
    revenue: Money


class LowStock(Output):
    product_id: UUID
    name: Annotated[str, Field(examples=["Café de origen 500 g"])]
    sku: Annotated[str, Field(examples=["CAFE-500"])]
    stock_disponible: int


class AnalyticsOut(Output):
    """Of orders that were paid and not given back. Money is COP, net of IVA, after discount, without shipping."""

    since: Annotated[date, Field(examples=["2026-11-01"])]
    until: Annotated[date, Field(examples=["2026-11-30"])]
    """The last day of the period; days are Colombia's."""
    orders: int
    units: int
    revenue: Money
    average_price: Annotated[Decimal, Field(examples=["32000.00"])] | None
    """Revenue by units, to the hundredth; null when nothing was sold."""
    top_products: list[SoldProduct]
    top_categories: list[SoldCategory]
    low_stock: list[LowStock]
    """What is for sale now and nearly sold out."""
