"""An application that a test may change, or give another outside world."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from mestore.app.api import behind_gate, create_app
from mestore.core.world import World
from tests.api import Api

Serve = Callable[[FastAPI, World], AbstractAsyncContextManager[Api]]


@asynccontextmanager
async def _serve(app: FastAPI, world: World) -> AsyncIterator[Api]:
    app.state.world = world
    transport = httpx.ASGITransport(behind_gate(app, world.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Api(http, world)


@pytest.fixture
def serve() -> Serve:
    return _serve


@pytest.fixture
def app(world: World) -> FastAPI:
    return create_app(world.settings)
