"""Facts that rooms make known, and the jobs that follow from them.

A room publishes an event in the transaction of the fact; one PgQueuer job for each subscriber is inserted by that same
transaction, so a fact without its jobs, or jobs without their fact, can't exist. Who subscribes is said in one table,
`app/subscriptions.py`; the rooms do not know. A job that fails is tried again after a growing pause, and is kept as
failed, where an administrator sees it, when it keeps failing. A job may run twice: what it does must be at most once by
a constraint.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any, ClassVar, Self, get_type_hints

import orjson
import structlog
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import driver_of
from mestore.core.freshness import changed


@dataclass(frozen=True)
class Event:
    """A fact. Its fields are ids and plain values, never personal data or secrets: they lie in the queue in plain."""

    priority: ClassVar[int] = 0
    """Codes that somebody waits for go before the rest."""

    def changes(self) -> tuple[str, ...]:
        """The tags of public answers that this makes stale: see `core/freshness.py`."""
        return ()

    def payload(self) -> bytes:
        return orjson.dumps(asdict(self), default=str)

    @classmethod
    def of_payload(cls, payload: bytes) -> Self:
        raw = orjson.loads(payload)
        return cls(**{name: kind.validate_python(raw[name]) for name, kind in _fields_of(cls).items()})


_FIELDS: dict[type[Event], Mapping[str, TypeAdapter[Any]]] = {}
"""How each is read: made once, for that costs more than a query."""


def _fields_of(event: type[Event]) -> Mapping[str, TypeAdapter[Any]]:
    if event not in _FIELDS:
        hints = get_type_hints(event)
        _FIELDS[event] = {field.name: TypeAdapter(hints[field.name]) for field in fields(event)}
    return _FIELDS[event]


@dataclass(frozen=True)
class Task:
    """A subscriber: the job `name` runs `handle` for each `event`."""

    name: str
    event: type[Event]
    handle: Callable[[Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class PeriodicTask:
    name: str
    every: str
    """A cron expression of five fields, or six with seconds last."""
    handle: Callable[[Any], Awaitable[None]]


Subscriptions = Mapping[type[Event], Sequence[Task]]
SUBSCRIPTIONS = "subscriptions"
"""The key in a session's `info` under which `publish` finds who listens."""


def by_event(tasks: Sequence[Task]) -> Subscriptions:
    found: dict[type[Event], list[Task]] = {}
    for task in tasks:
        found.setdefault(task.event, []).append(task)
    return found


async def publish(session: AsyncSession, *events: Event, after: timedelta | None = None) -> None:
    """Enqueue a job for each subscriber of each event, in this session's transaction."""
    changed(session, *(tag for event in events for tag in event.changes()))
    subscriptions: Subscriptions = session.info[SUBSCRIPTIONS]
    jobs = [(task.name, event) for event in events for task in subscriptions.get(type(event), ())]
    if not jobs:
        return
    await session.flush()
    # So that the logs of a job can be found by the request, or the request of the job before, that it follows from.
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    queries = Queries(AsyncpgDriver(await driver_of(session)))
    await queries.enqueue(
        [name for name, _ in jobs],
        [event.payload() for _, event in jobs],
        [event.priority for _, event in jobs],
        [after for _ in jobs],
        headers=[{"request_id": request_id} if request_id else None for _ in jobs],
    )
