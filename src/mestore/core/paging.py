"""Pages by keyset: a cursor holds the sort key of the last row seen, so page 1,000 costs what page 1 costs."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from pydantic import Field

from mestore.core.boundary import Output
from mestore.core.errors import Invalid

Row = TypeVar("Row")
Shown = TypeVar("Shown")


class BadCursor(Invalid):
    """The cursor is not one of ours. Start from the first page."""

    spanish = "El cursor no es válido. Empieza desde la primera página."


class Page(Output, Generic[Shown]):
    items: list[Shown]
    next_cursor: str | None = Field(
        examples=["WzEyM10"], description="The `cursor` of the next page; null on the last one"
    )
    total: int | None = Field(None, examples=[None], description="Counted only when asked for with `total=true`")


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """Some rows and where the next ones start."""

    items: Sequence[Row]
    next_cursor: str | None
    total: int | None = None


def encode(*key: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key, default=str)).decode().rstrip("=")


def decode(cursor: str, *kinds: Callable[[Any], Any]) -> tuple[Any, ...]:
    """The sort key in a cursor, each part read by its `kind`.

    Raises:
        BadCursor: it was altered, or belongs to another sort order.
    """
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise BadCursor
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise BadCursor from error


def moment(part: Any) -> datetime:
    """A point in time in a cursor, with its offset: PostgreSQL compares no other."""
    read = datetime.fromisoformat(part)
    if read.tzinfo is None:
        raise ValueError("a moment without an offset")
    return read


def row_number(part: Any) -> int:
    """A bigint in a cursor; anything else is no cursor of ours."""
    if not isinstance(part, int) or isinstance(part, bool) or not 0 <= part < 2**63:
        raise ValueError("not a row number")
    return part


def slice_of(
    rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[Any]], total: int | None = None
) -> Slice[Row]:
    """Cut what was read with `LIMIT limit + 1`: the row too many only tells that there is a next page."""
    shown = rows[:limit]
    return Slice(shown, encode(*key(shown[-1])) if len(rows) > limit else None, total)
