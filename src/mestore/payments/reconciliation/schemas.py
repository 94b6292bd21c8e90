"""Differences between a gateway's books and ours, as administrators see and close them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from mestore.core.boundary import Input, Output, Text
from mestore.payments.reconciliation.models import DifferenceKind


class DifferenceClosedIn(Input):
    """How a difference was settled."""

    note: Annotated[
        Text,
        StringConstraints(min_length=1, max_length=500),
        Field(examples=["Wompi corrected it: ticket 90817"]),
    ]


class DifferenceOut(Output):
    id: Annotated[int, Field(examples=[123])]
    gateway: Annotated[str, Field(examples=["wompi"])]
    day: Annotated[date, Field(description="In Colombia", examples=["2026-11-24"])]
    kind: DifferenceKind
    reference: Annotated[str, Field(examples=["ORD-20261124-7KQ2M9XD-4f2a9c1e"])]
    payment_id: Annotated[int | None, Field(examples=[55])]
    ours: Annotated[str | None, Field(description="Status, amount, or both", examples=["150000.00 COP"])]
    theirs: Annotated[str | None, Field(examples=["149000.00 COP"])]
    reason: Annotated[str, Field(examples=["the gateway has another amount"])]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: UUID | None
    note: Annotated[str | None, Field(examples=[None])]
