"""The outside world as FastAPI dependencies. A job builds the same services by hand and hands them in."""

from typing import Annotated

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
