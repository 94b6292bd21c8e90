"""Files on their way in: a form that is read only when everything else about the request is known to be right.

FastAPI itself would read a form before it knows who calls, and keep all of it in memory or on disk. A file's name and
declared type are ignored: what it is, its content tells.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from mestore.core.errors import BodyTooLarge, Invalid, UnsupportedMediaType

_LONGEST_TEXT = 4_096


class FormExpected(UnsupportedMediaType):
    """Send the file as multipart/form-data, in the field `file`."""

    spanish = "Envía el archivo como multipart/form-data, en el campo `file`."


class FormUnreadable(Invalid):
    """The form is broken, or has other parts than it may have."""

    spanish = "El formulario está dañado o trae partes que no debe."


@dataclass(frozen=True)
class Form:
    file: UploadFile
    texts: Mapping[str, str]


class _Parser(MultiPartParser):
    def close(self) -> None:
        """Also the file of a part that never ended, which no form knows of."""
        for file in self._files_to_close_on_error:
            file.close()


@asynccontextmanager
async def received(request: Request, *, max_bytes: int, texts: Collection[str] = ()) -> AsyncIterator[Form]:
    """A form of one `file` and at most these texts, on disk while it is looked at.

    Raises:
        FormExpected: the body is of another type.
        FormUnreadable: it is broken, or has parts that it should not have.
        BodyTooLarge: the file has more than `max_bytes`.
    """
    declared = request.headers.get("content-type", "")
    if declared.partition(";")[0].strip().lower() != "multipart/form-data":
        raise FormExpected
    parser = _Parser(request.headers, request.stream(), max_files=1, max_fields=len(texts), max_part_size=_LONGEST_TEXT)
    try:
        try:
            form = dict(await parser.parse())
        except (MultiPartException, LookupError, ValueError) as error:
            raise FormUnreadable from error
        file = form.pop("file", None)
        written = {name: value for name, value in form.items() if isinstance(value, str)}
        if not isinstance(file, UploadFile) or form.keys() - set(texts) or form.keys() != written.keys():
            raise FormUnreadable
        if (file.size or 0) > max_bytes:
            raise BodyTooLarge
        yield Form(file, written)
    finally:
        parser.close()


def documented(title: str, file: Mapping[str, Any], example: Mapping[str, str], **texts: Any) -> dict[str, Any]:
    """For `openapi_extra` of a route that takes such a form; `file` and `texts` are schemas."""
    properties = {
        "file": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream", **file}
    }
    schema = {
        "type": "object",
        "title": title,
        "additionalProperties": False,
        "required": ["file"],
        "properties": properties | texts,
    }
    content = {"multipart/form-data": {"schema": schema, "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}}
