"""Products and categories: what a vendor sends, what the public sees and what only the owner sees."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from mestore.catalog.models import IvaClass, ProductStatus
from mestore.core.boundary import Input, Line, Output, Price, Stock, Text, Uuid
from mestore.core.money import Money


def _publishable(price: Money) -> Money:
    if not Money(100) <= price <= Money(100_000_000):
        raise PydanticCustomError("price_range", "A price lies between 100 and 100,000,000 COP")
    return price


def _kilograms(value: Any) -> Any:
    """Text only: a JSON number with a decimal point is a float to most readers."""
    if not isinstance(value, str):
        raise PydanticCustomError("decimal_type", 'A weight is a text, as in "0.500"')
    return value


Sku = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9-]{3,50}$"),
    Field(examples=["CAFE-500"]),
]
SalePrice = Annotated[Price, AfterValidator(_publishable)]
Kilograms = Annotated[
    Decimal,
    Field(strict=False, gt=0, le=1_000, max_digits=7, decimal_places=3, allow_inf_nan=False),
    BeforeValidator(_kilograms),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,4}(\.[0-9]{1,3})?$", "examples": ["0.500"]}),
]
Tag = Annotated[Line, StringConstraints(max_length=50), Field(examples=["café"])]
AttributeName = Annotated[Line, StringConstraints(max_length=50)]
AttributeValue = Annotated[Line, Field(examples=["Sierra Nevada"])]


class ProductIn(Input):
    sku: Sku
    name: Annotated[Line, StringConstraints(min_length=2), Field(examples=["Café de origen 500 g"])]
    description: Annotated[Text, Field(examples=["Café de altura, tostado medio, de la Sierra Nevada."])] = ""
    category_id: Uuid
    brand: Annotated[Line, StringConstraints(max_length=100), Field(examples=["Sierra"])] | None = None
    precio_venta: SalePrice
    precio_costo: Price | None = None
    iva_class: Annotated[IvaClass, Field(strict=False)] = IvaClass.GENERAL
    stock: Stock = 0
    weight_kg: Kilograms
    tags: Annotated[list[Tag], Field(max_length=20)] = []
    attributes: Annotated[
        dict[AttributeName, AttributeValue], Field(max_length=30, examples=[{"origen": "Sierra Nevada"}])
    ] = {}


class ShopOut(Output):
    slug: Annotated[str, Field(examples=["cafe-de-la-sierra"])]
    business_name: Annotated[str, Field(examples=["Café de la Sierra"])]
    rating: Decimal | None = None


class CategoryOut(Output):
    id: UUID
    slug: Annotated[str, Field(examples=["cafe"])]
    name: Annotated[str, Field(examples=["Café"])]


class CategoryNode(CategoryOut):
    parent_id: UUID | None


class ProductOut(Output):
    """What everybody may see: neither cost nor who earns what."""

    id: UUID
    sku: Annotated[str, Field(examples=["CAFE-500"])]
    name: Annotated[str, Field(examples=["Café de origen 500 g"])]
    slug: Annotated[str, Field(examples=["cafe-de-origen-500-g"])]
    description: Annotated[str, Field(examples=["Café de altura, tostado medio, de la Sierra Nevada."])]
    brand: Annotated[str, Field(examples=["Sierra"])] | None
    status: ProductStatus
    precio_venta: Money
    iva_rate: Annotated[Decimal, Field(examples=["0.05"])]
    precio_con_iva: Money
    stock_disponible: int
    in_stock: bool
    vendedor_id: UUID
    vendor: ShopOut
    category: CategoryOut
    images: Annotated[list[dict[str, Any]], Field(examples=[[]])] = []
    attributes: Annotated[dict[str, Any], Field(examples=[{"origen": "Sierra Nevada"}])]
    rating: Decimal | None = None
    reviews_count: int = 0
    created_at: datetime
    updated_at: datetime


class OwnProductOut(ProductOut):
    """What the product's vendor sees besides."""

    precio_costo: Money | None
    stock: int
    reserved: int
