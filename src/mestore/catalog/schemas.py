"""Products and categories: what a vendor sends, what the public sees and what only the owner sees."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from mestore.catalog.models import IvaClass, MovementKind, ProductStatus
from mestore.core.boundary import Input, Line, Output, Price, Stock, Text, Uuid
from mestore.core.money import Money
from mestore.vendors.models import VendorStatus


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


ProductName = Annotated[Line, StringConstraints(min_length=2), Field(examples=["Café de origen 500 g"])]
Description = Annotated[Text, Field(examples=["Café de altura, tostado medio, de la Sierra Nevada."])]
Brand = Annotated[Line, StringConstraints(max_length=100), Field(examples=["Sierra"])]
ClassOfIva = Annotated[IvaClass, Field(strict=False)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Attributes = Annotated[
    dict[AttributeName, AttributeValue], Field(max_length=30, examples=[{"origen": "Sierra Nevada"}])
]
Reason = Annotated[Line, Field(examples=["La foto no muestra el producto."])]
ExcludedReason = Annotated[Line, Field(examples=["Producto perecedero"])]


class ProductIn(Input):
    sku: Sku
    name: ProductName
    description: Description = ""
    category_id: Uuid
    brand: Brand | None = None
    precio_venta: SalePrice
    precio_costo: Price | None = None
    iva_class: ClassOfIva = IvaClass.GENERAL
    stock: Stock = 0
    weight_kg: Kilograms
    tags: Tags = []
    attributes: Attributes = {}
    withdrawal_excluded_reason: Annotated[
        ExcludedReason | None, Field(description="Why this can't be given back within five days (Ley 1480, art. 47)")
    ] = None


class OutOfSale(StrEnum):
    """Where a vendor takes a product by itself; `submit` leads back."""

    INACTIVE = ProductStatus.INACTIVE.value
    DRAFT = ProductStatus.DRAFT.value


class CountedAs(StrEnum):
    """The movements of stock that a vendor writes down."""

    IN = MovementKind.IN.value
    OUT = MovementKind.OUT.value
    ADJUST = MovementKind.ADJUST.value


def _changes(sent: BaseModel, *, but_not: frozenset[str] = frozenset()) -> dict[str, Any]:
    changes = {name: getattr(sent, name) for name in sent.model_fields_set - but_not}
    if "status" in changes:
        changes["status"] = ProductStatus(changes["status"])
    return changes


def _absent() -> Any:
    """What a field is that was not sent; one that was sent as null is refused, or cleared where it may be."""
    return None


class ProductPatch(Input):
    """Any part of a product; what is not named stays."""

    sku: Annotated[Sku, Field(default_factory=_absent)]
    name: Annotated[ProductName, Field(default_factory=_absent)]
    description: Annotated[Description, Field(default_factory=_absent)]
    category_id: Annotated[Uuid, Field(default_factory=_absent)]
    brand: Annotated[Brand | None, Field(default_factory=_absent)]
    precio_venta: Annotated[SalePrice, Field(default_factory=_absent)]
    precio_costo: Annotated[Price | None, Field(default_factory=_absent)]
    iva_class: Annotated[ClassOfIva, Field(default_factory=_absent)]
    stock: Annotated[Stock, Field(default_factory=_absent, examples=[40])]
    weight_kg: Annotated[Kilograms, Field(default_factory=_absent)]
    tags: Annotated[Tags, Field(default_factory=_absent)]
    attributes: Annotated[Attributes, Field(default_factory=_absent)]
    withdrawal_excluded_reason: Annotated[ExcludedReason | None, Field(default_factory=_absent)]
    status: Annotated[
        Annotated[OutOfSale, Field(strict=False)],
        Field(default_factory=_absent, description="Out of sale, or back to a draft; `submit` brings it up for sale"),
    ]

    def changes(self) -> dict[str, Any]:
        return _changes(self)


class BulkChange(Input):
    product_id: Uuid
    precio_venta: Annotated[SalePrice, Field(default_factory=_absent)]
    precio_costo: Annotated[Price | None, Field(default_factory=_absent)]
    stock: Annotated[Stock, Field(default_factory=_absent, examples=[40])]
    status: Annotated[
        Annotated[OutOfSale, Field(strict=False)],
        Field(default_factory=_absent),
    ]

    def changes(self) -> dict[str, Any]:
        return _changes(self, but_not=frozenset({"product_id"}))


class BulkIn(Input):
    products: Annotated[list[BulkChange], Field(min_length=1, max_length=500)]


class BulkOutcome(StrEnum):
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


class BulkRow(Output):
    product_id: UUID
    outcome: BulkOutcome
    problem: Annotated[str, Field(examples=["/problems/stock-reserved"])] | None
    """The type of the refusal, as a request for this product alone would have had it."""


class BulkOut(Output):
    updated: int
    unchanged: int
    refused: int
    rows: list[BulkRow]


class RejectIn(Input):
    reason: Reason


class MovementIn(Input):
    kind: Annotated[CountedAs, Field(strict=False)]
    quantity: Annotated[
        Stock,
        Field(examples=[24], description="Units that come in or go out; for ADJUST the stock that was counted"),
    ]
    reason: Annotated[Reason, Field(examples=["Llegó el pedido de la finca"])]


class MovementOut(Output):
    id: int
    kind: MovementKind
    stock_change: int
    reserved_change: int
    order_id: int | None
    user_id: UUID | None
    reason: Annotated[str, Field(examples=["Llegó el pedido de la finca"])]
    created_at: datetime


class ShopOut(Output):
    slug: Annotated[str, Field(examples=["cafe-de-la-sierra"])]
    business_name: Annotated[str, Field(examples=["Café de la Sierra"])]
    rating: Annotated[Decimal, Field(examples=["4.6"])] | None
    """The average of the reviews of all its products that are shown, from 1.0 to 5.0; null before the first."""


class CategoryOut(Output):
    id: UUID
    slug: Annotated[str, Field(examples=["cafe"])]
    name: Annotated[str, Field(examples=["Café"])]


class CategoryNode(CategoryOut):
    parent_id: UUID | None
    position: int
    products_count: Annotated[int, Field(examples=[12])]
    """What is for sale in it and in all below it."""


class CategoryPage(CategoryNode):
    breadcrumb: list[CategoryOut]
    """From the root to the category itself."""
    children: list[CategoryNode]


CategorySlug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,120}$"), Field(examples=["cafe"])]
CategoryName = Annotated[Line, StringConstraints(max_length=120), Field(examples=["Té y aromáticas"])]
Position = Annotated[int, Field(ge=0, le=10_000)]


class CategoryIn(Input):
    name: CategoryName
    slug: Annotated[CategorySlug | None, Field(examples=["te-y-aromaticas"])] = None
    parent_id: Annotated[Uuid | None, Field(examples=[None])] = None
    position: Position = 0


class CategoryPatch(Input):
    """Any part of a category; `parent_id` null makes it a root."""

    name: Annotated[CategoryName, Field(default_factory=_absent)]
    parent_id: Annotated[Uuid | None, Field(default_factory=_absent, examples=[None])]
    position: Annotated[Position, Field(default_factory=_absent, examples=[0])]


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
    withdrawal_excluded_reason: Annotated[str, Field(examples=["Producto perecedero"])] | None
    rating: Decimal | None = None
    reviews_count: int = 0
    created_at: datetime
    updated_at: datetime


class OwnProductOut(ProductOut):
    """What the product's vendor sees besides."""

    precio_costo: Money | None
    iva_class: IvaClass
    weight_kg: Annotated[Decimal, Field(examples=["0.500"])]
    tags: Annotated[list[str], Field(examples=[["café"]])]
    stock: int
    reserved: int
    units_sold: int
    rejection_reason: Annotated[str, Field(examples=["La foto no muestra el producto."])] | None


class AdminProductOut(OwnProductOut):
    """What an administrator sees besides; also of what was deleted."""

    vendor_status: VendorStatus
    deleted_at: datetime | None
