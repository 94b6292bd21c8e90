"""The outside world as FastAPI dependencies. A job builds the same services by hand and hands them in."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from mestore.core.clock import Now
from mestore.core.settings import Settings
from mestore.core.world import World


async def world_of(request: Request) -> World:
    world: World = request.app.state.world
    return world


async def settings_of(request: Request) -> Settings:
    return (await world_of(request)).settings


async def clock_of(request: Request) -> Now:
    return (await world_of(request)).now


TheWorld = Annotated[World, Depends(world_of)]
CurrentSettings = Annotated[Settings, Depends(settings_of)]
Clock = Annotated[Now, Depends(clock_of)]


@functools.cache
def made_here(kind: Callable[..., Any]) -> Any:
    """A class as a dependency of a hot route: FastAPI would have a thread make it, which costs as much as a query."""

    async def make(**parts: Any) -> Any:
        return kind(**parts)

    make.__signature__ = inspect.signature(kind)  # type: ignore[attr-defined]
    return Depends(make)
