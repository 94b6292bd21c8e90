"""Orders: what comes in, and what buyers, vendors and administrators see."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from mestore.core.boundary import Input, Line, Output, Phone, Quantity, Text, Uuid
from mestore.core.money import Money
from mestore.orders.states import Actor, OrderStatus, PackageStatus

Reason = Annotated[Line, StringConstraints(max_length=300), Field(examples=["me equivoqué de talla"])]


class OrderItemIn(Input):
    product_id: Uuid
    quantity: Annotated[Quantity, Field(examples=[2])]


class ShippingInfo(Input):
    """Where the packages go."""

    name: Annotated[Line, Field(examples=["Ana Ruiz"])]
    phone: Phone
    address: Annotated[Line, Field(examples=["Cra 7 # 71-21 Apto 301"])]
    city: Annotated[Line, Field(examples=["Bogotá"])]
    department: Annotated[Line, Field(examples=["Bogotá D.C."])]
    municipality_code: Annotated[
        str, StringConstraints(pattern=r"^[0-9]{5}$"), Field(description="DANE code", examples=["11001"])
    ]
    postal_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), Field(examples=["110231"])] | None = None
    notes: Annotated[Text, StringConstraints(max_length=500), Field(examples=["portería"])] = ""


class OrderIn(Input):
    items: Annotated[list[OrderItemIn], Field(min_length=1, max_length=100)]
    shipping_info: ShippingInfo


class StatusIn(Input):
    """Where to move an order."""

    status: Annotated[OrderStatus, Field(strict=False, examples=["CANCELLED"])]
    reason: Reason | None = None


class CancelIn(Input):
    reason: Reason = "cancelled"


class PackageStatusIn(Input):
    """What a vendor does with its package: it works on it, it is ready, or it can't be sent."""

    status: Annotated[Literal["PREPARING", "READY_TO_SHIP", "SHIPPED", "CANCELLED"], Field(examples=["PREPARING"])]
    reason: Reason | None = None


class ShipmentIn(Input):
    carrier: Annotated[Line, StringConstraints(max_length=60), Field(examples=["Servientrega"])]
    guide_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,60}$"), Field(examples=["2259637412"])]


class OrderItemOut(Output):
    id: int
    package_id: int
    product_id: UUID
    vendor_id: UUID
    name: Annotated[str, Field(examples=["Café de origen 500 g"])]
    sku: Annotated[str, Field(examples=["CAFE-500"])]
    quantity: int
    unit_price: Money
    discount: Money
    iva_rate: Annotated[Decimal, Field(examples=["0.05"])]
    iva_amount: Money
    total_price: Money
    return_excluded_reason: Annotated[str | None, Field(examples=[None], description="Why it can't be returned")]
    returned_units: int
    refunded_units: int


class PackageOut(Output):
    id: int
    vendor_id: UUID
    status: PackageStatus
    subtotal: Money
    discount: Money
    iva_amount: Money
    shipping_cost: Money
    total: Money
    carrier: Annotated[str, Field(examples=["Servientrega"])] | None
    guide_number: Annotated[str, Field(examples=["2259637412"])] | None
    promised_from: Annotated[date, Field(examples=["2026-11-27"])]
    promised_by: Annotated[date, Field(examples=["2026-12-04"], description="Promised before payment")]
    shipped_at: datetime | None
    delivered_at: datetime | None
    returnable_until: Annotated[datetime | None, Field(description="The end of retracto")]


class HistoryOut(Output):
    at: datetime
    from_: Annotated[
        str | None, Field(validation_alias="from_status", serialization_alias="from", examples=["PENDING"])
    ]
    to: Annotated[str, Field(validation_alias="to_status", examples=["CONFIRMED"])]
    by: Annotated[Actor, Field(validation_alias="actor")]
    reason: Annotated[str, Field(examples=["payment approved"])]
    package_id: Annotated[int | None, Field(examples=[None], description="Empty: the whole order moved")]


class OrderSummary(Output):
    id: int
    order_number: Annotated[str, Field(examples=["ORD-20261124-7KQ2M9XD"])]
    status: OrderStatus
    buyer_id: UUID
    subtotal: Money
    discount: Money
    iva_amount: Money
    shipping_cost: Money
    total_amount: Money
    expires_at: datetime
    created_at: datetime


class OrderStateOut(OrderSummary):
    """An order as all who have a part in it may see it: no line, address or name."""


class OrderOut(OrderSummary):
    items: list[OrderItemOut]
    packages: list[PackageOut]
    shipping_info: Annotated[dict[str, Any], Field(examples=[{"name": "Ana Ruiz", "city": "Bogotá"}])]
    history: list[HistoryOut]


class VendorOrderSummary(Output):
    """One vendor's part of an order: its package and its lines."""

    order_id: Annotated[int, Field(examples=[123])]
    order_number: Annotated[str, Field(examples=["ORD-20261124-7KQ2M9XD"])]
    order_status: OrderStatus
    confirmed_at: Annotated[datetime, Field(description="When it was paid")]
    package: PackageOut
    items: list[OrderItemOut]


class VendorOrderOut(VendorOrderSummary):
    shipping_info: Annotated[dict[str, Any], Field(examples=[{"name": "Ana Ruiz", "city": "Bogotá"}])]
    history: list[HistoryOut]
