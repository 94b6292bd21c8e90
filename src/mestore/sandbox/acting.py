"""How every part of the control API takes an action: read strictly, done by its handler, refused in words."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mestore.sandbox.controls import Strict

Handlers = Mapping[type[Strict], Callable[[Any], Coroutine[Any, Any, dict[str, Any]]]]


class Impossible(Exception):
    """The action is well-formed, but not for what is there."""


async def act(request: Request, actions: TypeAdapter[Any], handlers: Handlers) -> Response:
    try:
        action = actions.validate_json(await request.body())
        return JSONResponse(await handlers[type(action)](action))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return JSONResponse({"error": "the action is not understood", "problems": problems}, 422)
    except Impossible as refused:
        return JSONResponse({"error": str(refused)}, 422)
