"""The block list: what administrators put there, and what they see of it."""

import ipaddress
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from mestore.core.boundary import Input, Line, Output, RowNumber
from mestore.payments.models import BlockKind
from mestore.users.contact import read_email, read_phone

_SHORTEST = 4
"""Characters of a document or a device's name: fewer tell too many of one another."""


class BlockIn(Input):
    """Either the value itself, or the payment that it is known from: a card only so."""

    kind: Annotated[BlockKind, Field(strict=False, examples=["EMAIL"])]
    value: Annotated[Line | None, Field(examples=["estafa@example.co"])] = None
    payment_id: Annotated[RowNumber | None, Field(examples=[None])] = None
    reason: Annotated[Line, Field(examples=["Contracargo de dos pedidos."])]

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.value is None) is (self.payment_id is None):
            raise ValueError("give either value or payment_id")
        if self.payment_id is not None and self.kind not in _BY_PAYMENT:
            raise ValueError("only a card, device or address is known from a payment")
        if self.value is not None and not _READS[self.kind](self.value):
            raise ValueError("value is none of its kind")
        return self


class BlockOut(Output):
    id: Annotated[int, Field(examples=[123])]
    kind: BlockKind
    hint: Annotated[
        str, Field(description="By which you recognise it; the value is not kept", examples=["@example.co"])
    ]
    reason: Annotated[str, Field(examples=["Contracargo de dos pedidos."])]
    blocked_by: UUID
    created_at: datetime


_BY_PAYMENT = frozenset({BlockKind.CARD, BlockKind.DEVICE, BlockKind.ADDRESS})


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


_READS: Mapping[BlockKind, Callable[[str], bool]] = {
    BlockKind.EMAIL: lambda value: read_email(value) is not None,
    BlockKind.PHONE: lambda value: read_phone(value) is not None,
    BlockKind.DOCUMENT: lambda value: sum(map(str.isalnum, value)) >= _SHORTEST,
    BlockKind.DEVICE: lambda value: len(value) >= _SHORTEST,
    BlockKind.ADDRESS: _is_address,
    BlockKind.CARD: lambda _value: False,
}
