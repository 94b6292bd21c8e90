"""Collections: what an administrator says of one, and what became of each."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mestore.core.boundary import Input, Output, Price
from mestore.core.money import Money
from mestore.payments.collections.codes import CodeState
from mestore.payments.collections.models import CollectionOutcome
from mestore.payments.states import PaymentStatus

Code = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-z-]{4,40}$"),
    Field(description="What is said at the counter", examples=["326000095601"]),
]


def _written(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("datetime_type", "A moment is a text, as in 2026-11-24T15:04:05Z")
    return value


class CodePaidIn(Input):
    """Somebody shows the receipt of a counter."""

    code: Code
    amount: Annotated[Price, Field(description="What the receipt says", examples=["80000.00"])]
    paid_at: (
        Annotated[
            AwareDatetime,
            Field(strict=False, description="When, by the receipt, with its offset", examples=["2026-11-24T15:04:05Z"]),
            BeforeValidator(_written),
        ]
        | None
    ) = None
    reference: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9A-Za-z._/-]{1,40}$"),
        Field(description="The receipt's number", examples=["004512"]),
    ]


class CollectionOut(Output):
    line: Annotated[int | None, Field(description="Of the file, counted from 1; null for one code", examples=[3])]
    reference: Annotated[str, Field(description="The code that was said", examples=["326000095601"])]
    amount: Money
    receipt: Annotated[str, Field(description="The number of the operation", examples=["004512"])]
    outcome: CollectionOutcome
    already: Annotated[bool, Field(description="It came in before: nothing was done now", examples=[False])]
    payment_id: Annotated[int | None, Field(examples=[55])]


class CollectionFileOut(Output):
    entity: Annotated[str, Field(description="Who collected", examples=["007"])]
    nit: Annotated[str, Field(examples=["9012345678"])]
    collected_on: Annotated[date, Field(description="In Colombia", examples=["2026-11-24"])]
    modifier: Annotated[str, Field(description="Which file of the day, A to Z", examples=["A"])]


class OutcomeTotal(Output):
    outcome: CollectionOutcome
    count: Annotated[int, Field(examples=[1])]
    amount: Money


class CollectionReport(Output):
    file: Annotated[CollectionFileOut | None, Field(description="Null for one code")]
    collections: list[CollectionOut]
    outcomes: Annotated[list[OutcomeTotal], Field(description="What came of how many, and of how much money")]
    count: Annotated[int, Field(examples=[1])]
    total: Money


class CodeOut(Output):
    """Whether a code can be paid at a counter now, and if not, why."""

    code: Annotated[str, Field(examples=["326000095601"])]
    valid: Annotated[bool, Field(description="A counter takes it, and it pays its order", examples=[True])]
    status: PaymentStatus
    amount: Money
    expires_at: Annotated[datetime, Field(description="Until then counters take it")]
    order_number: Annotated[str, Field(examples=["ORD-20261124-7KQ2M9XD"])]
    reason: Annotated[CodeState | None, Field(description="Why it is not valid", examples=[None])]
    known_at: Annotated[datetime, Field(description="As of when: now, if its gateway answered, else when it last did")]
