"""Shipping rates, delivery times and quotes as they come in and go out."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from mestore.catalog.schemas import Kilograms
from mestore.core.boundary import Input, Output, Price
from mestore.core.money import Money
from mestore.places.codes import DepartmentCode, MunicipalityCode
from mestore.shipping.models import MOST_DAYS

Cost = Annotated[Price, Field(examples=["12000.00"])]
Threshold = Annotated[
    Price,
    Field(
        examples=["150000.00"],
        description="The net subtotal, before IVA, from which it is free; null: as the marketplace's own",
    ),
]
Days = Annotated[int, Field(ge=0, le=MOST_DAYS, examples=[2])]
LastDay = Annotated[int, Field(ge=1, le=MOST_DAYS, examples=[5])]


class ShippingRateIn(Input):
    department_code: Annotated[DepartmentCode | None, Field(description="null: to all departments")] = None
    up_to_kg: Annotated[Kilograms | None, Field(description="Up to this weight of a package; null: any weight")] = None
    cost: Cost
    free_from: Threshold | None = None


class ShippingRateChangesIn(Input):
    """What is left out stays as it is."""

    cost: Cost | SkipJsonSchema[None] = Field(None, examples=["14000.00"])
    free_from: Threshold | None = None

    @field_validator("cost", mode="before")
    @classmethod
    def _is_not_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null", "Leave a field out to keep it; it can't be null")
        return value


class ShippingRateOut(Output):
    id: UUID
    department_code: Annotated[str | None, Field(examples=["11"])]
    up_to_kg: Annotated[Decimal | None, Field(examples=["5.000"])]
    cost: Money
    free_from: Money | None
    created_at: datetime
    updated_at: datetime


class DeliveryTimeIn(Input):
    """To a department, a municipality, or everywhere when neither is named."""

    department_code: DepartmentCode | None = Field(None, examples=[None])
    municipality_code: MunicipalityCode | None = Field(None, examples=["11001"])
    min_days: Annotated[Days, Field(description="Working days after the order")]
    max_days: Annotated[LastDay, Field(description="At most twenty, so that it comes within thirty days")]


class DeliveryTimeOut(Output):
    id: UUID
    department_code: Annotated[str | None, Field(examples=[None])]
    municipality_code: Annotated[str | None, Field(examples=["11001"])]
    min_days: Annotated[int, Field(examples=[2])]
    max_days: Annotated[int, Field(examples=[5])]
    created_at: datetime


class PromiseOut(Output):
    min_days: Annotated[int, Field(examples=[2], description="Working days")]
    max_days: Annotated[int, Field(examples=[8])]
    earliest: Annotated[date, Field(examples=["2026-11-26"])]
    latest: Annotated[date, Field(examples=["2026-12-04"], description="Never more than thirty days from now")]


class QuoteOut(Output):
    vendor_id: UUID
    cost: Annotated[Money, Field(examples=["15000.00"], description="Zero when it is free")]
    free_from: Annotated[
        Money | None, Field(examples=["200000.00"], description="The net subtotal, before IVA, from which it is free")
    ]
    promise: PromiseOut
