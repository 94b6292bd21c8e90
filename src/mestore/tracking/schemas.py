"""Tracking: what comes in, and what buyers, vendors, staff and everybody see."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mestore.core.boundary import Input, Line, Output, Text
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.tracking.states import Source, TrackingStatus
from mestore.tracking.timeline import Step


def _written(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("datetime_type", "A moment is a text, as in 2026-11-24T15:04:05Z")
    return value


When = Annotated[
    AwareDatetime, Field(strict=False, description="When it happened, with its offset"), BeforeValidator(_written)
]
Place = Annotated[Line, StringConstraints(max_length=100), Field(examples=["Medellín"])]
Message = Annotated[
    Text, StringConstraints(min_length=1, max_length=300), Field(examples=["Sale en la ruta de la mañana"])
]
OrderNumber = Annotated[
    str,
    StringConstraints(pattern=r"^(ORD|ord)-[0-9]{8}-[2-9A-HJ-NP-Za-hj-np-z]{8}$"),
    Field(examples=["ORD-20261124-7KQ2M9XD"]),
]


class CarrierEventIn(Input):
    """What a carrier announces."""

    event_id: Annotated[Line, StringConstraints(max_length=100), Field(examples=["ev-90817"])]
    guide_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,60}$"), Field(examples=["2259637412"])]
    status: Annotated[TrackingStatus, Field(strict=False, examples=["OUT_FOR_DELIVERY"])]
    at: Annotated[When, Field(examples=["2026-11-24T15:04:05Z"])]
    place: Place | None = None
    message: Message | None = None


class CarrierEventReceived(Output):
    known: Annotated[bool, Field(description="Whether a package travels under this guide number")]


class _ToldIn(Input):
    at: Annotated[When | None, Field(description="When it happened; unsaid, it is now", examples=[None])] = None
    place: Place | None = None
    message: Message | None = None


class VendorEventIn(_ToldIn):
    """What a vendor tells of its package."""

    status: Annotated[
        Literal["IN_TRANSIT", "AT_WAREHOUSE", "OUT_FOR_DELIVERY", "FAILED", "DELIVERED", "RETURNED"],
        Field(description="DELIVERED and RETURNED are refused: others tell them", examples=["OUT_FOR_DELIVERY"]),
    ]


class AdminEventIn(_ToldIn):
    """What an administrator tells of a package."""

    status: Annotated[TrackingStatus, Field(strict=False, examples=["DELIVERED"])]


class TrackingEventOut(Output):
    status: TrackingStatus
    at: datetime
    place: Annotated[str, Field(examples=["Medellín"])] | None
    message: Annotated[str, Field(examples=["Sale en la ruta de la mañana"])] | None
    source: Source


class TimelineStepOut(Output):
    step: Step
    at: Annotated[datetime | None, Field(description="Null: still to come, or nobody said when")]
    done: bool


class TrackedVendor(Output):
    slug: Annotated[str, Field(examples=["cafe-de-la-sierra"])]
    business_name: Annotated[str, Field(examples=["Café de la Sierra"])]


class PackageTrackingOut(Output):
    package_id: int
    vendor: TrackedVendor
    status: PackageStatus
    carrier: Annotated[str, Field(examples=["Servientrega"])] | None
    guide_number: Annotated[str, Field(examples=["2259637412"])] | None
    promised_from: Annotated[date, Field(examples=["2026-11-27"])]
    promised_by: Annotated[date, Field(examples=["2026-12-04"], description="Promised before payment")]
    shipped_at: datetime | None
    delivered_at: datetime | None
    events: Annotated[list[TrackingEventOut], Field(description="The newest first")]
    timeline: Annotated[list[TimelineStepOut], Field(description="Its way in steps that a page can draw")]


class OrderTrackingOut(Output):
    order_id: Annotated[int, Field(examples=[123])]
    order_number: Annotated[str, Field(examples=["ORD-20261124-7KQ2M9XD"])]
    status: OrderStatus
    packages: list[PackageTrackingOut]


class PublicEventOut(Output):
    status: TrackingStatus
    at: datetime
    town: Annotated[str | None, Field(examples=["Medellín"], description="Where, if it is known: never an address")]


class PublicPackageOut(Output):
    status: PackageStatus
    carrier: Annotated[str, Field(examples=["Servientrega"])] | None
    promised_from: Annotated[date, Field(examples=["2026-11-27"])]
    promised_by: Annotated[date, Field(examples=["2026-12-04"])]
    events: Annotated[list[PublicEventOut], Field(description="The newest first")]


class PublicTrackingOut(Output):
    """What whoever has its number may know of an order: nothing of who bought, what or for how much."""

    order_number: Annotated[str, Field(examples=["ORD-20261124-7KQ2M9XD"])]
    status: OrderStatus
    packages: list[PublicPackageOut]
