"""Complaints: what people send, and what they, the shop that is named and the marketplace's staff see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.complaints.states import ComplaintActor, ComplaintKind, ComplaintStatus
from mestore.core.boundary import Input, Line, Output, RowNumber, Text, Uuid

Subject = Annotated[Line, Field(examples=["La nevera llegó rayada"])]
Words = Annotated[Text, Field(min_length=1, examples=["La puerta viene rayada de lado a lado. Pido que la cambien."])]


class ComplaintIn(Input):
    kind: Annotated[ComplaintKind, Field(strict=False, examples=["CLAIM"])]
    subject: Subject
    text: Words
    order_id: Annotated[RowNumber | None, Field(examples=[123], description="An order of mine that it is about")] = None
    vendor_id: Annotated[
        Uuid | None,
        Field(examples=[None], description="A shop with a part in that order, which then reads and answers it too"),
    ] = None


class ComplaintMessageIn(Input):
    text: Words


class AnswerIn(Input):
    text: Annotated[Text, Field(min_length=1, examples=["Mañana recogemos la nevera y te llevamos otra."])]


class ComplaintMessageOut(Output):
    id: int
    actor: ComplaintActor
    text: Annotated[str, Field(examples=["Mañana recogemos la nevera y te llevamos otra."])]
    at: datetime


class EvidenceOut(Output):
    """A picture. Its file is at `…/evidence/{id}` below the address of the complaint."""

    id: UUID
    position: int
    alt: Annotated[str, Field(examples=["La puerta rayada"])]
    width: Annotated[int, Field(examples=[1200])]
    height: Annotated[int, Field(examples=[900])]
    created_at: datetime


class ComplaintSummary(Output):
    id: UUID
    filing_number: Annotated[str, Field(examples=["PQR-20261124-7KQ2M9XD"])]
    kind: ComplaintKind
    status: ComplaintStatus
    subject: Annotated[str, Field(examples=["La nevera llegó rayada"])]
    order_id: Annotated[int | None, Field(examples=[123])]
    vendor_id: UUID | None
    due_at: Annotated[datetime, Field(description="By when it is answered: the end of a working day in Colombia")]
    created_at: datetime
    updated_at: datetime


class ComplaintOut(ComplaintSummary):
    text: Annotated[str, Field(examples=["La puerta viene rayada de lado a lado. Pido que la cambien."])]
    messages: list[ComplaintMessageOut]
    evidence: list[EvidenceOut]


class AdminComplaintSummary(ComplaintSummary):
    user_id: UUID


class AdminComplaintOut(ComplaintOut):
    user_id: UUID
