"""Whether this process lives, whether it can serve, and what it has counted."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import text

from mestore.app.farewell import LEAVING
from mestore.core import metrics
from mestore.core.boundary import Output
from mestore.core.database import transaction
from mestore.core.wiring import TheWorld
from mestore.core.world import World
from mestore.search.vector_index import VectorIndex

router = APIRouter(tags=["operations"])
T = TypeVar("T")
Word = Literal["ok", "away", "unknown"]
IndexWord = Literal["ok", "away", "off"]
_PATIENCE_SECONDS = 1.5
_RETRY_AFTER = "2"
_AWAY = {
    "status": "unavailable",
    "dependencies": {"postgresql": "away", "redis": "ok", "worker": "unknown", "chroma": "ok"},
}
_FIGURES = """\
# HELP mestore_payments Payments by state and gateway
# TYPE mestore_payments gauge
mestore_payments{gateway="wompi",state="APPROVED"} 7.0
"""
_WORKER_LOOKS = text("""
    SELECT coalesce(max(greatest(heartbeat, last_run)) > now() - interval '30 seconds', false) FROM pgqueuer_schedules
""")
"""A worker runs a schedule every few seconds, and says that it still runs while one takes long."""


class Liveness(Output):
    status: Literal["ok"] = "ok"


class Dependencies(Output):
    postgresql: Annotated[Word, Field(examples=["ok"])]
    redis: Annotated[Word, Field(examples=["ok"])]
    worker: Annotated[Word, Field(examples=["ok"], description="Known by PostgreSQL alone")]
    chroma: Annotated[
        IndexWord, Field(examples=["ok"], description="Searches without it are by words; `off` where none is set")
    ]


class Readiness(Output):
    status: Annotated[Literal["ok", "degraded", "unavailable"], Field(examples=["ok"])]
    dependencies: Dependencies


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Liveness:
    """Yes, for as long as it answers: no dependency is asked, so an outage of one never restarts the API."""
    return Liveness()


@router.get(
    "/health/ready",
    summary="Can it serve now?",
    responses={
        503: {
            "description": "PostgreSQL is away, or this server is about to end. Try again shortly.",
            "model": Readiness,
            "content": {"application/json": {"example": _AWAY}},
        }
    },
)
async def ready(world: TheWorld, request: Request, response: Response) -> Readiness:
    """Asks each dependency. Only PostgreSQL is needed to serve: without another one it is `degraded`."""
    worker, redis, chroma = await asyncio.gather(
        _answer(_worker_is_alive(world)), _answer(_ask_redis(world)), _answer(_ask_chroma(world))
    )
    unavailable = worker is None or bool(request.scope.get(LEAVING))
    if unavailable:
        response.status_code = 503
        response.headers["Retry-After"] = _RETRY_AFTER
    dependencies = Dependencies(
        postgresql="away" if worker is None else "ok",
        redis="ok" if redis else "away",
        worker="unknown" if worker is None else "ok" if worker else "away",
        chroma="off" if world.settings.chroma.url is None else "ok" if chroma else "away",
    )
    status: Literal["ok", "degraded"] = "ok" if worker and redis and dependencies.chroma != "away" else "degraded"
    return Readiness(status="unavailable" if unavailable else status, dependencies=dependencies)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=metrics.Figures,
    responses={200: {"content": {metrics.Figures.media_type: {"example": _FIGURES}}}},
)
async def figures(world: TheWorld) -> metrics.Figures:
    """What the API's processes have counted, and what PostgreSQL knows about jobs, payments and holds.

    While PostgreSQL is away, `mestore_database_up` is 0 and only the former is there.
    """
    known = await _answer(_ask_for_figures(world))
    return metrics.Figures(metrics.of_processes() + metrics.of_database(known))


async def _worker_is_alive(world: World) -> bool:
    async with transaction(world.intake_sessions) as session:
        return bool(await session.scalar(_WORKER_LOOKS))


async def _ask_redis(world: World) -> bool:
    return bool(await world.redis.ping())


async def _ask_chroma(world: World) -> bool:
    return world.settings.chroma.url is not None and await VectorIndex(world.http, world.settings.chroma).heartbeat()


async def _ask_for_figures(world: World) -> list[metrics.Sample]:
    async with transaction(world.intake_sessions) as session:
        return await metrics.ask_database(session)


async def _answer(question: Coroutine[Any, Any, T]) -> T | None:
    """None when there is no answer in time. To let go of a connection that hangs takes longer; nobody waits for it."""
    asking = asyncio.create_task(question)
    _asking.add(asking)
    asking.add_done_callback(_forget)
    if not (await asyncio.wait({asking}, timeout=_PATIENCE_SECONDS))[0]:
        asking.cancel()
        return None
    return None if asking.cancelled() or asking.exception() else asking.result()


_asking: set[asyncio.Task[Any]] = set()
"""The event loop itself holds tasks only weakly."""


def _forget(asked: asyncio.Task[Any]) -> None:
    """Whatever went wrong with it, the answer said that it does not work now."""
    _asking.discard(asked)
    if not asked.cancelled():
        asked.exception()
