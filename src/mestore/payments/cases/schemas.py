"""Cases: what administrators see of one, and what they say when they close it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from mestore.core.boundary import Input, Output, Text
from mestore.payments.models import CaseKind, CaseResolution


class CaseOut(Output):
    """Money, or a claim of money, that a person must place."""

    id: Annotated[int, Field(examples=[123])]
    kind: CaseKind
    gateway: Annotated[str, Field(examples=["wompi"])]
    gateway_transaction_id: Annotated[str, Field(examples=["12066420-1791226107-72286"])]
    payment_id: Annotated[int | None, Field(examples=[55])]
    detail: Annotated[
        dict[str, Any],
        Field(
            description="What was expected and what came",
            examples=[{"order_id": 123, "expected": "84999.00", "charged": "849.99", "currency": "COP"}],
        ),
    ]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: UUID | None
    resolution: CaseResolution | None
    note: Annotated[str | None, Field(examples=["Se devolvió por transferencia BCO-417."])]


class CloseCaseIn(Input):
    """What it came to: the money went back, was placed by hand where it belongs, or none was owed."""

    resolution: Annotated[Literal["REFUNDED", "PLACED", "NOTHING_OWED"], Field(examples=["REFUNDED"])]
    note: Annotated[Text, Field(min_length=1, max_length=1_000, examples=["Se devolvió por transferencia BCO-417."])]
