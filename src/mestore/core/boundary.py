"""What may come in: one layer of strict types, so that no later line has to think of hostile input.

`StrictRoute` reads a JSON body once, strictly: no duplicate keys, no NaN, no text that PostgreSQL could not store.
`Input` refuses unknown fields and coerces nothing. The `Annotated` types below are the only ones that bodies, paths and
queries are made of; `tests/test_boundary.py` walks every route and fails where a bare `str`, `int` or `Decimal` comes
in.
"""

import json
import re
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import phonenumbers
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from mestore.core.errors import NotJson, UnsupportedMediaType
from mestore.core.money import Money

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile("[\r\n\x85\u2028\u2029]")
# Never \d: it means every script's digits.
_PRICE = re.compile(r"[0-9]{1,12}(\.0{1,2})?")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_JSON = re.compile(r"application/([a-z0-9.-]+\+)?json")
_DEEPEST = 32
"""How far a body may nest; no body of ours comes near it."""


class Input(BaseModel):
    """A body: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Output(BaseModel):
    """An answer; it reads rows and shows only the fields it names, and always all of them."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


def _line(value: str) -> str:
    if _CONTROL.search(value) or _LINE_BREAK.search(value):
        raise PydanticCustomError("text_characters", "Control characters and line breaks are not allowed here")
    return value


def _text(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError("text_characters", "Control characters are not allowed")
    return value


def _money(value: Any) -> Money:
    if not isinstance(value, str) or not _PRICE.fullmatch(value):
        raise PydanticCustomError("money", 'Money is a text of whole pesos with two decimals, as in "32000.00"')
    return Money(Decimal(value))


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise PydanticCustomError("int_parsing", "Input should be a whole number")
    return value


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value, "CO")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise PydanticCustomError(
            "phone", "This is no phone number. A Colombian mobile has ten digits, as in 3001234567"
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _uuid(value: Any, parse: ValidatorFunctionWrapHandler) -> Any:
    if not isinstance(value, str | UUID):
        raise PydanticCustomError("uuid_type", "Input should be a UUID as text")
    try:
        return parse(value)
    except ValidationError:  # its message quotes what was sent
        raise PydanticCustomError("uuid_parsing", "Input should be a UUID") from None


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_line)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5_000), AfterValidator(_text)]
Secret = Annotated[
    str, Field(min_length=1, max_length=128, json_schema_extra={"writeOnly": True}), AfterValidator(_text)
]
"""A password or code as it was typed: neither trimmed nor normalised."""

Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=20),
    AfterValidator(_phone),
    Field(description="A Colombian mobile, or any number with its country code", examples=["3001234567"]),
]
"""A phone number as people write it; what everything after this line sees is E.164 (`+573001234567`)."""

Uuid = Annotated[UUID, Field(strict=False), WrapValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
"""Any spelling of a UUID; the parsed value is what everything after this line sees."""

Price = Annotated[
    Money,
    BeforeValidator(_money),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,12}(\.0{1,2})?$", "examples": ["32000.00"]}),
]
QueryPrice = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.0{1,2})?$"), Field(examples=["32000.00"])]
"""A price in a query, where FastAPI takes only what is plain: `Money(…)` reads it."""

PathInt = Annotated[
    int,
    Field(strict=False, ge=1, le=2**63 - 1),
    BeforeValidator(_whole),
]
"""A row's number in a path or body: a PostgreSQL bigint."""

RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
Quantity = Annotated[int, Field(ge=1, le=999)]
Stock = Annotated[int, Field(ge=0, le=1_000_000)]
Limit = Annotated[int, Field(strict=False, ge=1, le=100), BeforeValidator(_whole)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[A-Za-z0-9_=-]+$")]


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text, refusing what two readers could understand differently.

    Raises:
        NotJson: it is not UTF-8, not JSON, says NaN or Infinity, names a key twice, or nests or counts too deep.
        RequestValidationError: a text in it can't be stored (NUL, half of a surrogate pair).
    """
    try:
        text = raw.decode()
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise NotJson from error
    # Only an escape can bring such a character past UTF-8 and JSON, and what opens little can't be deep: no walk then.
    if "\\u" in text or text.count("{") + text.count("[") >= _DEEPEST:
        _refuse_unstorable(value, ("body",))
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refuse_unstorable(value: Any, place: tuple[str | int, ...]) -> None:
    if len(place) > _DEEPEST:
        raise NotJson
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise RequestValidationError(
                [{"loc": place, "msg": "The text has characters that can't be stored", "type": "text_characters"}]
            )
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_unstorable(key, place)
            _refuse_unstorable(member, (*place, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _refuse_unstorable(member, (*place, index))


class _AnyUuid(Convertor[str]):
    """In a path, `{product_id:any_uuid}`: an id as `Uuid` reads it, and no word that stands beside."""

    regex = r"(?:urn:uuid:)?\{?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\}?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any_uuid", _AnyUuid())


class _StrictRequest(Request):
    async def json(self) -> Any:
        return self.scope["strict_json"]


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `parse_json`, and only when it says that it is JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        reads_json = self.body_field is not None

        async def handle_strictly(request: Request) -> Response:
            if reads_json:
                request = _StrictRequest(request.scope, request.receive)
                raw = await request.body()
                if raw:
                    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
                    if not _JSON.fullmatch(media_type):
                        raise UnsupportedMediaType
                    request.scope["strict_json"] = parse_json(raw)
            return await handle(request)

        return handle_strictly
