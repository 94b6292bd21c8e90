"""Refunds: what an administrator and a buyer say of one, and what they see."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from mestore.core.boundary import Input, Line, Output, Price, Quantity, RowNumber
from mestore.core.money import Money
from mestore.payments.schemas import DocumentNumber, DocumentType
from mestore.payments.states import RefundStatus

_KEYS = {
    "PHONE": r"3[0-9]{9}",
    "EMAIL": r"[^@\s]{1,64}@[^@\s]{1,90}\.[^@\s.]{2,20}",
    "DOCUMENT": r"[0-9A-Za-z-]{4,20}",
    "ALPHANUMERIC": r"@[A-Za-z0-9]{5,20}",
    "MERCHANT_CODE": r"00[0-9]{8}",
}
_SHOWN = 4


class RefundMadeIn(Input):
    """The money was sent."""

    reference: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9._/-]{4,120}$"),
        Field(description="The bank's number of the transfer", examples=["BCO-20261124-000417"]),
    ]


class RefundTakenOverIn(Input):
    """Its gateway did not send it."""

    reason: Annotated[Line, Field(description="How that is known", examples=["Wompi, caso 48211: no llegó al banco"])]


class RefundItemIn(Input):
    item_id: Annotated[RowNumber, Field(examples=[123], description="An item of the order, as the order shows it")]
    quantity: Annotated[Quantity, Field(examples=[1])]


class RefundIn(Input):
    """Units of one package, or an amount of it: one of both."""

    amount: Annotated[Price | None, Field(description="COP, with IVA", examples=["20000.00"])] = None
    package_id: Annotated[
        RowNumber | None,
        Field(description="Whose part the amount is of; needed where the order has several", examples=[None]),
    ] = None
    items: Annotated[list[RefundItemIn] | None, Field(min_length=1, max_length=100, examples=[None])] = None
    reason: Annotated[Line, Field(examples=["El producto llegó con un rayón"], description="Its buyer reads it")]

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.amount is None) is (self.items is None) or (self.items is not None and self.package_id is not None):
            raise ValueError("either an amount, and whose part it is of, or items")
        if self.amount is not None and not self.amount:
            raise ValueError("nothing is no refund")
        return self


class BankAccountIn(Input):
    """An account in a bank of Colombia, and whose it is."""

    kind: Literal["BANK_ACCOUNT"]
    bank_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$"), Field(examples=["1007"])]
    account_type: Annotated[Literal["SAVINGS", "CHECKING"], Field(examples=["SAVINGS"])]
    account_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,20}$"), Field(examples=["91234567890"])]
    holder_name: Annotated[Line, StringConstraints(max_length=100), Field(examples=["Ana Ruiz"])]
    document_type: DocumentType
    document_number: DocumentNumber


class BreBKeyIn(Input):
    """A key ("llave") of Bre-B, the instant payments of Banco de la República."""

    kind: Literal["BREB_KEY"]
    key_type: Annotated[
        Literal["PHONE", "EMAIL", "DOCUMENT", "ALPHANUMERIC", "MERCHANT_CODE"], Field(examples=["PHONE"])
    ]
    key: Annotated[Line, StringConstraints(max_length=200), Field(examples=["3001234567"])]

    @model_validator(mode="after")
    def _is_of_its_type(self) -> Self:
        if re.fullmatch(_KEYS[self.key_type], self.key, re.ASCII) is None:
            raise ValueError(f"this is no key of the type {self.key_type}")
        return self


DestinationIn = Annotated[BankAccountIn | BreBKeyIn, Field(discriminator="kind")]


def _masked(value: Any) -> Any:
    """Of each number the last characters; whose it is, and what tells nobody apart, stays."""
    if not isinstance(value, dict):
        return value
    secret = ("account_number", "document_number", "key")
    shown = {name: _end_of(text) if name in secret else text for name, text in value.items()}
    return {name: text for name, text in shown.items() if name != "holder_name"}


def _end_of(text: str) -> str:
    return "•" * 4 + (text[-_SHOWN:] if len(text) > 2 * _SHOWN else text[-1:])


_EXAMPLE = {"kind": "BREB_KEY", "key_type": "PHONE", "key": "••••4567"}


class RefundOut(Output):
    """Money on its way back to the buyer."""

    id: Annotated[int, Field(examples=[123])]
    package_id: Annotated[int | None, Field(examples=[123])]
    amount: Money
    status: RefundStatus
    reason: Annotated[str, Field(description="What for, in words", examples=["Se canceló el paquete"])]
    due_at: Annotated[datetime, Field(description="By when it is with the buyer: the end of a day in Colombia")]
    made_at: datetime | None
    created_at: datetime
    destination: Annotated[
        dict[str, str] | None,
        BeforeValidator(_masked),
        Field(
            description="Where it is paid out to, when MANUAL: its numbers are masked, but for administrators",
            examples=[_EXAMPLE],
        ),
    ]


class OrderRefundsOut(Output):
    order_id: Annotated[int, Field(examples=[123])]
    refunds: list[RefundOut]


class AdminRefundOut(RefundOut):
    order_id: Annotated[int, Field(examples=[123])]
    payment_id: Annotated[int, Field(examples=[55])]
    cause: Annotated[str, Field(description="What for, once for ever", examples=["package:17:cancelled"])]
    units: Annotated[
        dict[str, int] | None,
        Field(description="Of each item by its id, where units were paid back that did not come back", examples=[None]),
    ]
    reference: Annotated[str | None, Field(examples=["BCO-20261124-000417"])]
    made_by: UUID | None
    asked_by: UUID | None
    destination: Annotated[dict[str, str] | None, Field(examples=[_EXAMPLE | {"key": "3001234567"}])]
    failure: Annotated[str | None, Field(description="Why its gateway does not send it", examples=[None])]
    gateway_number: Annotated[str | None, Field(description="The gateway's own of it", examples=["61"])]
