"""A picture on its way in, with what it shows in words."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError

from mestore.core import forms
from mestore.core.boundary import Text
from mestore.core.wiring import CurrentSettings

_LONGEST_ALT = 200
Alt = Annotated[Text, Field(max_length=_LONGEST_ALT)]
_ALT: TypeAdapter[str] = TypeAdapter(Alt)

FORM = forms.documented(
    "PictureForm",
    {"maxLength": 5_242_880, "description": "JPEG, PNG, WebP or AVIF: told by its content, whatever it is called"},
    {"file": "…", "alt": "Bolsa de café de 500 g"},
    alt={
        "type": "string",
        "maxLength": _LONGEST_ALT,
        "description": "What the picture shows, for who can't see it",
    },
)


@dataclass(frozen=True)
class SentPicture:
    content: bytes
    alt: str


class IncomingPicture:
    def __init__(self, request: Request, settings: CurrentSettings) -> None:
        self._request = request
        self._max_bytes = settings.media.max_bytes

    async def read(self) -> SentPicture:
        """Take the form in.

        Raises:
            FormExpected, FormUnreadable: it is none, or not of these parts.
            BodyTooLarge: the picture is larger than `media.max_bytes`.
            RequestValidationError: `alt` does not fit.
        """
        async with forms.received(self._request, max_bytes=self._max_bytes, texts=("alt",)) as form:
            return SentPicture(await form.file.read(), _checked(form.texts.get("alt", "")))


def _checked(alt: str) -> str:
    try:
        return _ALT.validate_python(alt, strict=True)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", "alt")} for each in error.errors()]) from None


Incoming = Annotated[IncomingPicture, Depends()]
