"""The API as a client sees it, as nobody or as a given user."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

from mestore.app.api import behind_gate, create_app
from mestore.core import tokens
from mestore.core.database import transaction
from mestore.core.settings import Environment
from mestore.core.world import World
from mestore.users.models import User, UserSession


class Api:
    def __init__(self, http: httpx.AsyncClient, world: World) -> None:
        self._world = world
        self._http = http
        self._tokens: dict[Any, str] = {}

    async def token(self, user: User) -> str:
        """A good access token of the user, in a session of its own."""
        if user.id not in self._tokens:
            async with transaction(self._world.sessions) as session:
                signed_in = UserSession(user_id=user.id)
                session.add(signed_in)
                await session.flush()
            self._tokens[user.id] = tokens.issue(self._world.settings.auth, user.id, signed_in.id, self._world.now())
        return self._tokens[user.id]

    async def request(
        self, method: str, path: str, *, by: User | None = None, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        headers = dict(headers or {})
        if by is not None:
            headers["Authorization"] = f"Bearer {await self.token(by)}"
        return await self._http.request(method, path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.request("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.request("POST", path, **({"json": json} if json is not None else {}), **more)


@asynccontextmanager
async def in_production(world: World) -> AsyncIterator[Api]:
    """The same world's API as it is in production, where staff shows a second factor."""
    live = replace(world, settings=world.settings.model_copy(update={"environment": Environment.PRODUCTION}))
    app = create_app(live.settings)
    app.state.world = live
    transport = httpx.ASGITransport(behind_gate(app, live.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Api(http, live)
