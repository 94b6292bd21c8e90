"""Where browsers fetch pictures; in production a network of caches stands before it."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field, StringConstraints

from mestore.core.documentation import refusals
from mestore.media.errors import PictureNotFound, StorageAway
from mestore.media.service import NAMES, MediaService
from mestore.media.storage import FOR_EVER, TYPES

router = APIRouter(prefix="/media", tags=["operations"])
_FOLDER = re.compile(r"[0-9a-f]{32}")
_KEPT_FOR_EVER = {
    "Cache-Control": FOR_EVER,
    "Cross-Origin-Resource-Policy": "cross-origin",  # shops' pages lie elsewhere
}
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}, "example": "…"}
_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(TYPES.values(), _FILE)}}


@router.get(
    "/{folder}/{name}",
    summary="Fetch a picture's file",
    response_class=Response,
    responses=_ANSWERS | refusals(PictureNotFound, StorageAway),
)
async def fetch_picture(
    request: Request,
    folder: Annotated[str, StringConstraints(max_length=200), Path(), Field(examples=["0" * 32])],
    name: Annotated[str, StringConstraints(max_length=200), Path(), Field(examples=["600.webp"])],
    media: Annotated[MediaService, Depends()],
) -> Response:
    """What lies at an address never changes, so it may be kept for ever."""
    if not _FOLDER.fullmatch(folder) or name not in NAMES:
        raise PictureNotFound
    content = await media.file(folder, name)
    headers = _KEPT_FOR_EVER | {"ETag": f'"{folder}-{name}"'}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=TYPES[name.partition(".")[2]], headers=headers)
