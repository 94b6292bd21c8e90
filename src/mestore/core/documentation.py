"""The OpenAPI document: an example for every body, answer and refusal, taken from the types themselves.

A type or field says its example once (`Field(examples=[…])`); what is built of others is composed of theirs. A route
names the refusals it can give with `refusals(…)`. `tests/test_openapi.py` fails where something has no summary, tag or
example.
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_type_hints

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from mestore.core import errors
from mestore.core.errors import Refusal
from mestore.core.rate_limits import UNCOUNTED

Json = dict[str, Any]
PROBLEM_JSON = "application/problem+json"
_BY_FORMAT = {
    "uuid": "01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10",
    "date-time": "2026-11-24T15:04:05Z",
    "uri": "https://shop.example/pago",
    "email": "ana@example.co",
}
_SHOWN = "x-example"
"""Holds a JSON text until the document is complete: out of anything else FastAPI takes what is null."""
_TEXT: Json = {"type": "string"}
_LIMITED: Json = {
    "RateLimit-Policy": {
        "description": "The limits that count this request: `q` requests in `w` seconds",
        "schema": _TEXT,
        "example": '"everything";q=600;w=60, "orders";q=50;w=3600',
    },
    "RateLimit": {
        "description": "What is left of each: `r` requests; the oldest that counts is forgotten in `t` seconds",
        "schema": _TEXT,
        "example": '"everything";r=599;t=60, "orders";r=49;t=3600',
    },
}
_PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `type` and `code` never change; `title` and `detail` follow Accept-Language (es, en). "
    "Some kinds have members of their own besides, as their examples show.",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "request_id": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "code"],
                "properties": {"loc": {"type": "array", "items": _TEXT}, "msg": _TEXT, "code": _TEXT},
                "additionalProperties": False,
            },
        },
    },
}


def operation_id(route: APIRoute) -> str:
    """The function's own name: what generated clients call it by."""
    return route.name


def refusals(*kinds: type[Refusal]) -> dict[int | str, Json]:
    """The `responses` of a route: an example of each refusal it can give, beside those that every route can."""
    found: dict[int | str, Json] = {}
    named: list[type[Refusal]] = [*kinds, errors.Unavailable]
    for kind in named:
        answer = found.setdefault(
            kind.status, {"description": kind.title(), "content": {PROBLEM_JSON: {"examples": {}}}}
        )
        if kind.title() not in answer["description"]:
            answer["description"] += f" Or: {kind.title()}"
        answer["content"][PROBLEM_JSON]["examples"][kind.__name__] = {"value": _problem_example(kind)}
    return found


def shows(**members: Any) -> Json:
    """For one of the `responses` of a route: members of its example that are not what the type says."""
    return {"content": {"application/json": {_SHOWN: json.dumps(members)}}}


def _problem_example(kind: type[Refusal]) -> Json:
    example = {
        **_members(kind),
        "type": kind.problem_type(),
        "title": kind.title(),
        "status": kind.status,
        "detail": kind.title(),
        "instance": "/api/v1/…",
        "request_id": "6f1c2b8d4e104f0c9a52d3e97c4a1935",
    }
    if issubclass(kind, errors.ValidationFailed):
        example["errors"] = [
            {"loc": ["body", "quantity"], "msg": "Input should be greater than 0", "code": "greater_than"}
        ]
    return example


def _members(kind: type[Refusal]) -> Json:
    """An example of each field that a refusal shows besides."""
    if not is_dataclass(kind):
        return {}
    hints = get_type_hints(kind)
    return {
        field.name: _example(schema := TypeAdapter(hints[field.name]).json_schema(), schema.get("$defs", {}))
        if field.default is MISSING
        else field.default
        for field in fields(kind)
    }


def install(app: FastAPI) -> None:
    """Make `app.openapi()` the completed document."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            document = FastAPI.openapi(app)
            app.openapi_schema = _complete(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: Json) -> Json:
    components = document.setdefault("components", {}).setdefault("schemas", {})
    components.pop("HTTPValidationError", None)
    components.pop("ValidationError", None)
    components["Problem"] = _PROBLEM
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete_operation(operation, components, counted=not UNCOUNTED.fullmatch(path))
    return document


def _complete_operation(operation: Json, components: Json, *, counted: bool) -> None:
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["example"] = _example(parameter["schema"], components)
    for media in operation.get("requestBody", {}).get("content", {}).values():
        media.setdefault("example", _example(media["schema"], components))
    _add_refusals(responses, [*_of_every(operation), *([errors.TooManyRequests] if counted else [])])
    for status, answer in responses.items():
        answer["headers"] = _headers(int(status), operation) | (_LIMITED if counted else {})
        for media_type, media in answer.get("content", {}).items():
            if media_type == PROBLEM_JSON:
                media["schema"] = {"$ref": "#/components/schemas/Problem"}
            elif "schema" in media and "examples" not in media:
                media.setdefault("example", _example(media["schema"], components))
            if _SHOWN in media:
                media["example"] = {**media["example"], **json.loads(media.pop(_SHOWN))}


def _headers(status: int, operation: Json) -> Json:
    """What an answer carries besides its body."""
    headers: Json = {
        "X-Request-ID": {"required": True, "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"}}
    }
    if status in {429, 503}:
        headers["Retry-After"] = {
            "required": True,
            "description": "Seconds until it is worth trying again",
            "schema": {"type": "integer", "minimum": 1},
        }
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ())):
        headers["Idempotent-Replayed"] = {
            "description": "This is the answer that the first request with this key got",
            "schema": {"const": "true"},
        }
    return headers


def _of_every(operation: Json) -> list[type[Refusal]]:
    """The refusals that follow from what an operation takes."""
    kinds: list[type[Refusal]] = []
    if "requestBody" in operation or "parameters" in operation:
        kinds.append(errors.ValidationFailed)
    if "requestBody" in operation:
        kinds += [errors.NotJson, errors.BodyTooLarge, errors.UnsupportedMediaType]
    return kinds


def _add_refusals(responses: Json, kinds: list[type[Refusal]]) -> None:
    for status, more in refusals(*kinds).items():
        known = responses.setdefault(str(status), {"description": more["description"], "content": {}})
        media = known["content"].setdefault(PROBLEM_JSON, {"examples": {}})
        media["examples"] = {**more["content"][PROBLEM_JSON]["examples"], **media["examples"]}


def _example(schema: Json, components: Json) -> Any:  # noqa: PLR0911 - one line for each kind of schema
    """An example of a schema: its own, or composed of those of its parts. A text without one gives `None`."""
    if "$ref" in schema and not schema.get("examples"):
        return _example(components[schema["$ref"].rsplit("/", 1)[1]], components)
    for said in ("example", "const", "default"):
        if said in schema:
            return schema[said]
    for listed in ("examples", "enum"):
        if schema.get(listed):
            return schema[listed][0]
    for choice in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if choice.get("type") != "null":
            return _example(choice, components)
    if schema.get("type") == "object" or "properties" in schema:
        return {name: _example(member, components) for name, member in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_example(schema["items"], components)] if schema.get("items") else []
    plain = {"integer": schema.get("minimum", 1), "number": 1, "boolean": True, "null": None}
    return _BY_FORMAT.get(schema.get("format", ""), plain.get(schema.get("type", "")))
