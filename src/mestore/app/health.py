"""Whether this process lives, whether it can serve, and what it has counted."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from mestore.core import metrics
from mestore.core.database import Session, transaction
from mestore.core.wiring import TheWorld, world_of
from mestore.core.world import World

router = APIRouter(tags=["operations"])
_PATIENCE_SECONDS = 2.0


@router.get("/health/live", summary="Is the process alive?")
async def live() -> dict[str, str]:
    """Yes, for as long as it answers: no dependency is asked, so an outage of one never restarts the API."""
    return {"status": "ok"}


@router.get("/health/ready", summary="Can it serve now?")
async def ready(world: TheWorld) -> JSONResponse:
    """Asks each dependency. Without PostgreSQL the answer is 503; without Redis the API serves on, degraded."""
    database, redis = await asyncio.gather(_works(_ask_database(world)), _works(_ask_redis(world)))
    status = "ok" if database and redis else "degraded" if database else "unavailable"
    body = {"status": status, "dependencies": {"postgresql": _word(database), "redis": _word(redis)}}
    return JSONResponse(body, 200 if database else 503, {} if database else {"Retry-After": "2"})


async def _ask_database(world: World) -> None:
    async with transaction(world.intake_sessions) as session:
        await session.execute(text("SELECT 1"))


async def _ask_redis(world: World) -> None:
    await world.redis.ping()


async def _works(question: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await question
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it does not work now
        return False
    return True


def _word(works: bool) -> str:  # noqa: FBT001 - its only subject
    return "ok" if works else "away"


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def figures(session: Session, _world: Annotated[World, Depends(world_of)]) -> Response:
    """What the API's processes have counted, and what PostgreSQL knows about jobs, payments and holds."""
    body = metrics.of_processes() + await metrics.of_database(session)
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")
