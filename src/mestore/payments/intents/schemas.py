"""Intents: what a buyer sends, and what it sees of them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from mestore.core.boundary import Input, Output, RowNumber, Uuid
from mestore.core.money import Money
from mestore.payments.schemas import CardData, CashData, NequiData, PaymentOut, PseData, ReturnUrl
from mestore.payments.states import PaymentMethod


class IntentStatus(StrEnum):
    CREATED = "CREATED"
    CONFIRMED = "CONFIRMED"
    EXPIRED = "EXPIRED"


class IntentIn(Input):
    order_id: Annotated[RowNumber, Field(examples=[123])]
    payment_method: Annotated[PaymentMethod, Field(strict=False, examples=["PSE"])]
    return_url: ReturnUrl | None = None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "Input should be an object")
    return value


class ConfirmIn(Input):
    intent_id: Uuid
    payment_data: Annotated[
        dict[str, Any],
        PlainValidator(_object, json_schema_input_type=PseData | NequiData | CardData | CashData),
        Field(
            description="As `payment_data` of `process`, for the intent's method",
            examples=[
                {"bank_code": "1022", "user_type": "PERSON", "document_type": "CC", "document_number": "1020304050"}
            ],
        ),
    ]
    """Read when the intent's method is known: as one of all methods' it would be refused by every one of them."""


class IntentOut(Output):
    intent_id: UUID
    order_id: Annotated[int, Field(examples=[123])]
    payment_method: PaymentMethod
    amount: Money
    currency: Literal["COP"] = "COP"
    status: IntentStatus
    expires_at: datetime
    payment: PaymentOut | None
