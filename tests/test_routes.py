"""Every route, also those to come: nothing without bounds comes in, and a slash at the end means nothing."""

import re
from collections.abc import Iterator

import pytest

from tests.api import Api
from tests.document import Json, Operation, choices, operations

RAW = {
    "POST /api/v1/payments/webhook",
    "POST /api/v1/payments/webhook/payu",
    "POST /api/v1/payments/webhook/efecty",
    "POST /api/v1/carriers/{carrier}/events",
}
"""Bodies that are read as bytes and believed only for their signature."""

_BOUNDED_PATTERN = re.compile(r"\^(?:[^\\*+]|\\[^dwsDWS])*\$")
_BOUNDED_FORMATS = {"uuid", "date-time", "date"}
_EVERY_SCRIPT = re.compile(r"\\[dws]", re.IGNORECASE)


def flaws(schema: Json, place: str) -> Iterator[str]:
    """What in a schema of something that comes in has no bound."""
    for shape in choices(schema):
        if "enum" in shape or "const" in shape or shape.get("type") == "boolean":
            continue
        match shape.get("type"):
            case "string":
                yield from text_flaws(shape, place)
            case "integer":
                if not all({kind, f"exclusive{kind.title()}"} & shape.keys() for kind in ("minimum", "maximum")):
                    yield f"{place}: an integer without bounds"
            case "array":
                if "maxItems" not in shape:
                    yield f"{place}: a list without a bound"
                yield from flaws(shape["items"], f"{place}[]")
            case "object":
                yield from object_flaws(shape, place)
            case kind:
                yield f"{place}: {kind or 'anything'} comes in as it likes"


def text_flaws(shape: Json, place: str) -> Iterator[str]:
    pattern = shape.get("pattern", "")
    if _EVERY_SCRIPT.search(pattern):
        yield f"{place}: its pattern takes the digits or letters of every script"
    if "maxLength" in shape or shape.get("format") in _BOUNDED_FORMATS or _BOUNDED_PATTERN.fullmatch(pattern):
        return
    yield f"{place}: a text without a bound"


def object_flaws(shape: Json, place: str) -> Iterator[str]:
    others = shape.get("additionalProperties", True)
    if isinstance(others, dict):
        if "maxProperties" not in shape or "propertyNames" not in shape:
            yield f"{place}: a map without bounds of its size and names"
        yield from flaws(others, f"{place}[*]")
    elif others:
        yield f"{place}: unknown fields are not refused; derive the body from core.boundary.Input"
    for name, member in shape.get("properties", {}).items():
        yield from flaws(member, f"{place}.{name}")


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_everything_that_comes_in_has_bounds(operation: Operation) -> None:
    found = [
        flaw
        for parameter in operation.spec.get("parameters", ())
        for flaw in flaws(parameter["schema"], f"{parameter['in']} {parameter['name']}")
    ]
    if str(operation) not in RAW:
        found += [flaw for body in operation.bodies.values() for flaw in flaws(body["schema"], "body")]
    assert found == []


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "a text without a bound"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "a text without a bound"),
        ({"type": "string", "pattern": "[a-z]{3}"}, "a text without a bound"),
        ({"type": "string", "format": "email"}, "a text without a bound"),
        ({"type": "string", "maxLength": 6, "pattern": r"^\d{6}$"}, "every script"),
        ({"type": "integer", "minimum": 1}, "an integer without bounds"),
        ({"type": "number", "minimum": 1, "maximum": 2}, "number comes in"),
        ({}, "anything comes in"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, "an integer without bounds"),
        ({"type": "array", "items": {"type": "boolean"}}, "a list without a bound"),
        ({"type": "object", "properties": {}}, "unknown fields are not refused"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "a map without bounds"),
    ],
    ids=str,
)
def test_the_walk_sees_what_has_no_bounds(schema: Json, said: str) -> None:
    assert any(said in flaw for flaw in flaws(schema, "body"))


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_a_slash_at_the_end_means_nothing(operation: Operation, api: Api) -> None:
    plain, slashed = [await api.request(operation.method, operation.example_path + end) for end in ("", "/")]
    assert plain.status_code == slashed.status_code
    assert not plain.is_redirect
    if "json" in plain.headers["content-type"]:
        first, second = (answer.text.replace(answer.headers["x-request-id"], "") for answer in (plain, slashed))
        assert first == second
