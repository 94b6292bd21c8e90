"""Returns: what buyers, shops and administrators say, and what they see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from mestore.core.boundary import Input, Line, Output, Quantity, RowNumber, Text
from mestore.core.money import Money
from mestore.orders.states import Actor
from mestore.returns.states import ReturnCondition, ReturnStatus


class ReturnItemIn(Input):
    item_id: Annotated[RowNumber, Field(examples=[123], description="An item of the order, as the order shows it")]
    quantity: Annotated[Quantity, Field(examples=[1])]


class ReturnIn(Input):
    """Retracto needs no reason: it may be left out."""

    items: Annotated[list[ReturnItemIn], Field(min_length=1, max_length=100)]
    reason: Annotated[Text, StringConstraints(max_length=300), Field(examples=["No es lo que esperaba"])] = ""


class ReturnShipmentIn(Input):
    """With whom the goods come back."""

    carrier: Annotated[Line, StringConstraints(max_length=60), Field(examples=["Servientrega"])]
    guide_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,60}$"), Field(examples=["2259637413"])]


class RefusalIn(Input):
    reason: Annotated[Line, Field(examples=["El producto ya fue usado"], description="Its buyer reads it")]


class ReceivedIn(Input):
    condition: Annotated[ReturnCondition, Field(strict=False, examples=["GOOD"])]
    reason: Annotated[
        Line | None, Field(examples=[None], description="What is wrong with DAMAGED goods; their buyer reads it")
    ] = None


class ReturnItemOut(Output):
    item_id: Annotated[int, Field(validation_alias="order_item_id", examples=[123])]
    quantity: int


class ReturnMoveOut(Output):
    at: datetime
    from_: Annotated[
        str | None, Field(validation_alias="from_status", serialization_alias="from", examples=["REQUESTED"])
    ]
    to: Annotated[str, Field(validation_alias="to_status", examples=["APPROVED"])]
    by: Annotated[Actor, Field(validation_alias="actor")]
    reason: Annotated[str, Field(examples=["approved"])]


class ReturnOut(Output):
    """`refund_amount` is known once the goods are received in good condition."""

    id: Annotated[int, Field(examples=[123])]
    order_id: Annotated[int, Field(examples=[123])]
    package_id: Annotated[int, Field(examples=[123])]
    vendor_id: UUID
    status: ReturnStatus
    reason: Annotated[str, Field(examples=["No es lo que esperaba"])]
    refusal_reason: Annotated[str | None, Field(examples=[None])]
    carrier: Annotated[str | None, Field(examples=["Servientrega"])]
    guide_number: Annotated[str | None, Field(examples=["2259637413"])]
    condition: ReturnCondition | None
    refund_amount: Money | None
    refund_due_at: Annotated[datetime, Field(description="By when the money is back: 15 days after the request")]
    received_at: datetime | None
    created_at: datetime
    updated_at: datetime
    items: list[ReturnItemOut]
    history: list[ReturnMoveOut]


class OrderReturnsOut(Output):
    order_id: Annotated[int, Field(examples=[123])]
    returns: list[ReturnOut]


class AdminReturnOut(ReturnOut):
    buyer_id: UUID
