"""The columns of a file of products: how a cell's text becomes a field of a product, and back.

An empty cell empties a field that may be empty, and leaves any other as it is. A file may have any of the columns in
any order, but must have `sku`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError

from mestore.core.boundary import parse_json
from mestore.core.errors import NotJson

NAMES = (
    *("sku", "name", "description", "category", "brand", "precio_venta", "precio_costo", "iva_class", "stock"),
    *("weight_kg", "tags", "attributes", "withdrawal_excluded_reason"),
)
_BETWEEN_TAGS = "|"
_WHOLE = re.compile(r"[0-9]{1,9}")
_WITH_COMMA = re.compile(r"[0-9]{1,9},[0-9]{1,3}")
_JSON_MARKS = ("[", "{")


@dataclass(frozen=True)
class _Column:
    read: Callable[[str], Any] = str
    empty: Any = None
    """What an empty cell means."""
    may_be_empty: bool = False
    decimal: bool = False


def _json(text: str) -> Any:
    """The value of JSON; of what is none the text itself, which no field takes."""
    try:
        return parse_json(text.encode())
    except (NotJson, RequestValidationError):
        return text


def _tags(text: str) -> Any:
    if text.startswith(_JSON_MARKS):
        return _json(text)
    return [tag.strip() for tag in text.split(_BETWEEN_TAGS)]


def _units(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text) else text


_COLUMNS: Mapping[str, _Column] = {
    **dict.fromkeys(("sku", "name", "category"), _Column()),
    "description": _Column(empty="", may_be_empty=True),
    "brand": _Column(may_be_empty=True),
    "precio_venta": _Column(decimal=True),
    "precio_costo": _Column(may_be_empty=True, decimal=True),
    "iva_class": _Column(str.upper),
    "stock": _Column(_units),
    "weight_kg": _Column(decimal=True),
    "tags": _Column(_tags, empty=[], may_be_empty=True),
    "attributes": _Column(_json, empty={}, may_be_empty=True),
    "withdrawal_excluded_reason": _Column(may_be_empty=True),
}


def fields_of(header: Sequence[str], cells: Sequence[str], *, decimal_comma: bool) -> dict[str, Any]:
    """A row as the fields of a product's body; they have still to be looked at."""
    fields: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        column, text = _COLUMNS[name], cell.strip()
        if text:
            if column.decimal and decimal_comma and _WITH_COMMA.fullmatch(text):
                text = text.replace(",", ".")
            fields[name] = column.read(text)
        elif column.may_be_empty:
            fields[name] = column.empty
    fields.setdefault("sku", "")
    return fields


def cells_of(product: Mapping[str, Any]) -> list[str]:
    """A product's cells in the order of `NAMES`; `fields_of` makes the same fields of them."""
    texts = {name: "" if product[name] is None else str(product[name]) for name in NAMES}
    texts["precio_venta"] = _pesos(texts["precio_venta"])
    texts["precio_costo"] = _pesos(texts["precio_costo"])
    texts["tags"] = _tags_cell(product["tags"])
    texts["attributes"] = json.dumps(product["attributes"], ensure_ascii=False) if product["attributes"] else ""
    return [texts[name] for name in NAMES]


def _pesos(text: str) -> str:
    """Without `.00`, which some spreadsheets read as two more digits."""
    return text.removesuffix(".00")


def _tags_cell(tags: Sequence[str]) -> str:
    plain = _BETWEEN_TAGS.join(tags)
    if any(_BETWEEN_TAGS in tag for tag in tags) or plain.startswith(_JSON_MARKS):
        return json.dumps(tags, ensure_ascii=False)
    return plain
