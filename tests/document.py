"""The OpenAPI document, taken apart for the tests that walk it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from mestore.app.api import openapi_document

Json = dict[str, Any]
EXAMPLE_ID = UUID("01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10")
"""What stands for every UUID in the document's examples."""

EXAMPLE_ORDER = 123


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    spec: Json

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def example_path(self) -> str:
        """The path with its own examples for its parameters."""
        examples = {each["name"]: each["example"] for each in self.spec.get("parameters", ()) if each["in"] == "path"}
        return self.path.format(**examples)

    @property
    def bodies(self) -> dict[str, Json]:
        content: dict[str, Json] = self.spec.get("requestBody", {}).get("content", {})
        return content


@cache
def document() -> Json:
    return openapi_document()


def operations() -> list[Operation]:
    return [
        Operation(method.upper(), path, spec)
        for path, methods in document()["paths"].items()
        for method, spec in methods.items()
    ]


def resolved(schema: Json) -> Json:
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def choices(schema: Json) -> Iterator[Json]:
    """The schema without its references and alternatives: every shape that it allows but null."""
    schema = resolved(schema)
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    for alternative in alternatives:
        yield from choices(alternative)
    if not alternatives and schema.get("type") != "null":
        yield schema
