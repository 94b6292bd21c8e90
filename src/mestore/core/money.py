"""Money: Colombian pesos, exact.

A peso has no circulating cents, so every amount that we compute is a whole number of pesos, rounded half up in one
place (`Money.share`). Two decimals are kept in the database and shown in JSON (`"250000.00"`). Cents exist only on
Wompi's wire.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema
from sqlalchemy import Numeric
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_PESO = Decimal(1)
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount of COP. It adds and compares only with money, multiplies only by whole numbers and refuses a float."""

    amount: Decimal

    def __init__(self, amount: Decimal | int | str) -> None:
        if isinstance(amount, float):
            raise TypeError("money is never a float: give a Decimal, an int or a text")
        object.__setattr__(self, "amount", Decimal(amount).quantize(_HUNDREDTH))

    @classmethod
    def of_cents(cls, cents: int) -> Self:
        """Of an amount as Wompi writes it, in hundredths of a peso."""
        return cls(Decimal(cents) / 100)

    @property
    def cents(self) -> int:
        return int(self.amount * 100)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + other.amount)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - other.amount)

    def __mul__(self, times: int) -> "Money":
        return Money(self.amount * times)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:.2f}"

    def share(self, rate: Decimal) -> "Money":
        """`rate` of this amount (`Decimal("0.19")` is 19 %), rounded half up to the peso."""
        return Money((self.amount * rate).quantize(_PESO, ROUND_HALF_UP))

    def split(self, weights: Sequence[int | Decimal]) -> "list[Money]":
        """Divide whole pesos in proportion to `weights` by the largest remainder: the parts add up to the peso."""
        total = Decimal(sum(weights))
        if not total:
            raise ValueError("nothing to split by: the weights sum to zero")
        exact = [self.amount * weight / total for weight in weights]
        parts = [part // 1 for part in exact]
        missing = int(self.amount - sum(parts))
        by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
        for index in by_remainder[:missing]:
            parts[index] += 1
        return [Money(part) for part in parts]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(
            cls,
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": r"^-?[0-9]{1,12}\.[0-9]{2}$",
            "examples": ["250000.00"],
            "description": "COP",
        }


ZERO = Money(0)


def total(amounts: Iterable[Money]) -> Money:
    return Money(sum((each.amount for each in amounts), Decimal(0)))


class MoneyColumn(TypeDecorator[Money]):
    """NUMERIC(14,2) in PostgreSQL, `Money` in Python."""

    impl = Numeric(14, 2)
    cache_ok = True

    def process_bind_param(self, value: Money | None, _dialect: Dialect) -> Decimal | None:
        return None if value is None else value.amount

    def process_result_value(self, value: Decimal | None, _dialect: Dialect) -> Money | None:
        return None if value is None else Money(value)
