"""Columns that many tables have, spelled once."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, cast

from sqlalchemy import BigInteger, ColumnElement, DateTime, Enum, Identity, Select, any_, func
from sqlalchemy.orm import InstrumentedAttribute, MappedColumn, mapped_column

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
UpdatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())]


def identity() -> MappedColumn[Any]:
    """A primary key that PostgreSQL counts up."""
    return mapped_column(BigInteger, Identity(always=True), primary_key=True)


def word(kind: type[StrEnum], **options: Any) -> MappedColumn[Any]:
    """One of a StrEnum's words, kept as text and held to them by a CHECK."""
    return mapped_column(Enum(kind, native_enum=False, create_constraint=True, length=24, name=_snake(kind)), **options)


def from_now(wait: timedelta) -> datetime:
    """For a column: a moment by PostgreSQL's clock, which all machines share. Known once its row is read again."""
    return cast("datetime", func.now() + wait)


def is_any_of(key: InstrumentedAttribute[Any], keys: Select[Any]) -> ColumnElement[bool]:
    """Whether the key is one of those that are found once, before anything else.

    As `key IN (SELECT …)` PostgreSQL may look for them anew for each row, as it does where it thinks that there are
    few: with a limit and locks that takes seconds, and takes more than the limit.
    """
    return key == any_(func.array(keys.scalar_subquery()))


def _snake(kind: type) -> str:
    name = kind.__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
