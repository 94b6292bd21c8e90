"""`Idempotency-Key`: the same request twice has one effect and one answer.

The key's row is claimed in the request's own transaction and answered in it, so key and effect are committed together
or not at all: a COMMIT whose reply was lost is answered from the row. Where a `checkpoint` stands before a call to the
outside, the claim is committed with the intent; a claim whose request broke may be taken over at once, and one whose
process died after `LEASE`. The work is told so (`resumed`), since what it intended may already have happened.

- same key and body, answered: the first answer, byte for byte, with `Idempotent-Replayed: true`
- same key, other body: 422; the first still running: 409
- a refusal before the work began (401, 422, …) leaves the key free; a refusal by a rule is kept and replayed
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Header, Request
from pydantic import StringConstraints, TypeAdapter
from sqlalchemy import DateTime, LargeBinary, String, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from starlette.responses import Response

from mestore.core import problems
from mestore.core.database import Base, Session, checkpoint, fetch, keep_only, transaction
from mestore.core.errors import Conflict, Invalid, Refusal, Unavailable
from mestore.core.wiring import made_here
from mestore.core.world import World

LEASE = timedelta(seconds=60)
"""Longer than any request of ours may take, calls to gateways included."""

KEPT = timedelta(hours=24)
_PATIENCE_SECONDS = 0.5
log = structlog.get_logger(__name__)

# Held until its transaction ends; while it is held, the key's first request is still running.
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1::text, 0)) AS is_free"
# The row to insert is made of the lock's answer, so no conflict is judged before the lock was tried. A row that was
# committed after this statement began is a conflict all the same, though it is not seen: it is read by the next one.
_CLAIM = f"""
    WITH lock AS MATERIALIZED ({_LOCK}),
    claimed AS (
        INSERT INTO idempotency_keys AS known (owner_id, route, key, fingerprint, leased_until)
        SELECT $2::uuid, $3::varchar, $4::varchar, $5::bytea, clock_timestamp() + $6::interval FROM lock WHERE is_free
        ON CONFLICT (owner_id, route, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, leased_until = excluded.leased_until, created_at = now(),
            status = NULL, media_type = NULL, body = NULL
        WHERE known.created_at < clock_timestamp() - $7::interval
        RETURNING leased_until
    )
    SELECT is_free, (SELECT leased_until FROM claimed) AS leased_until FROM lock
"""  # noqa: S608 - the part is a constant
_OWN = "owner_id = $1 AND route = $2 AND key = $3"
_READ = f"SELECT fingerprint, status, media_type, body FROM idempotency_keys WHERE {_OWN}"  # noqa: S608 - as above
_TAKE_OVER = f"""
    UPDATE idempotency_keys SET leased_until = clock_timestamp() + $4
    WHERE {_OWN} AND leased_until < clock_timestamp() RETURNING leased_until
"""  # noqa: S608 - as above
_STORE = """
    INSERT INTO idempotency_keys AS known (owner_id, route, key, fingerprint, leased_until, status, media_type, body)
    VALUES ($1, $2, $3, $4, clock_timestamp(), $5, $6, $7)
    ON CONFLICT (owner_id, route, key) DO UPDATE
    SET status = excluded.status, media_type = excluded.media_type, body = excluded.body WHERE known.status IS NULL
"""
_FREE = f"DELETE FROM idempotency_keys WHERE {_OWN}"  # noqa: S608 - as above
_END_LEASE = f"""
    UPDATE idempotency_keys SET leased_until = clock_timestamp()
    WHERE {_OWN} AND status IS NULL AND leased_until = $4
"""  # noqa: S608 - as above
_FORGET = "DELETE FROM idempotency_keys WHERE created_at < clock_timestamp() - $1::interval"


class IdempotencyKey(Base):
    """A key, who used it where, for which body, and what was answered."""

    __tablename__ = "idempotency_keys"
    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(String(120), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    leased_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
    status: Mapped[int | None]
    media_type: Mapped[str | None] = mapped_column(String(60))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used for another request. Use a new one."""

    spanish = "Esta Idempotency-Key ya se usó para otra solicitud. Usa una nueva."


class IdempotencyKeyInUse(Conflict):
    """The first request with this Idempotency-Key is still running. Ask again in a moment."""

    spanish = "La primera solicitud con esta Idempotency-Key aún está en curso. Consulta en un momento."


KeyHeader = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")] | None,
    Header(alias="Idempotency-Key", description="Repeat a request safely: the same key gives the first answer again."),
]


class Once:
    """Runs a request's work at most once for its key; without a key it just runs it."""

    def __init__(self, request: Request, session: Session, key: KeyHeader = None) -> None:
        self._request = request
        self._session = session
        self._key = key
        self.resumed = False
        """Whether this run took over a claim whose first run never came to an answer."""

    async def answer(
        self,
        owner_id: UUID,
        status: int | Callable[[Any], int],
        work: Callable[[], Awaitable[Any]],
        shape: TypeAdapter[Any],
    ) -> Response:
        """The stored answer of this key, or `status` and the value of `work` in its `shape`, stored with its effect.

        Raises:
            IdempotencyKeyReused: the key belongs to another body.
            IdempotencyKeyInUse: the first request with it has not ended.
        """
        if self._key is None:
            return _answer(status, await work(), shape)
        claim = (owner_id, self._request.scope["route"].path, self._key)
        stored = await self._claim(claim)
        if stored is not None:
            return stored
        try:
            response = _answer(status, await work(), shape)
        except Unavailable:
            await keep_only(self._session)
            await fetch(self._session, _FREE, *claim)
            await checkpoint(self._session)
            raise
        except Refusal as refusal:
            await keep_only(self._session)
            if await _lock(self._session, claim):
                await self._store(claim, problems.render(self._request, refusal))
                await checkpoint(self._session)
            raise
        await self._store(claim, response)
        return response

    async def _claim(self, claim: tuple[UUID, str, str]) -> Response | None:
        """Take the key, or give what it already answered."""
        session, fingerprint = self._session, await self._fingerprint()
        (claimed,) = await fetch(session, _CLAIM, _name(claim), *claim, fingerprint, LEASE, KEPT)
        if not claimed["is_free"]:
            raise IdempotencyKeyInUse
        taken: datetime | None = claimed["leased_until"]
        if taken is None:
            (row,) = await fetch(session, _READ, *claim)
            if row["fingerprint"] != fingerprint:
                raise IdempotencyKeyReused
            if row["body"] is not None and row["status"] is not None:
                return Response(row["body"], row["status"], {"Idempotent-Replayed": "true"}, row["media_type"])
            over = await fetch(session, _TAKE_OVER, *claim, LEASE)
            if not over:
                raise IdempotencyKeyInUse
            taken = over[0]["leased_until"]
            self.resumed = True
        world: World = self._request.app.state.world
        self._request.scope[problems.ON_FAILURE] = partial(_give_back, world, claim, taken)
        return None

    async def _store(self, claim: tuple[UUID, str, str], response: Response) -> None:
        """Also when the claim went with what a refusal undid; an answer that stands stays the first."""
        await self._session.flush()  # `fetch` does not: what the answer tells is written before it
        answer = (response.status_code, response.media_type, bytes(response.body))
        await fetch(self._session, _STORE, *claim, await self._fingerprint(), *answer)

    async def _fingerprint(self) -> bytes:
        """What makes two requests the same: the method, the path with its ids, and the body's bytes."""
        request = self._request
        head = f"{request.method} {request.scope['path']}\n".encode()
        return hashlib.sha256(head + await request.body()).digest()


async def forget_old_keys(world: World) -> None:
    """Delete the keys that are kept no longer."""
    async with transaction(world.sessions) as session:
        await fetch(session, _FORGET, KEPT)


async def _give_back(world: World, claim: tuple[UUID, str, str], leased_until: datetime) -> None:
    """Let a repetition go on at once: the request that had the claim broke. While PostgreSQL is away it is tried on."""
    giving_back = asyncio.create_task(_end_lease(world, claim, leased_until))
    _giving_back.add(giving_back)
    giving_back.add_done_callback(_giving_back.discard)
    await asyncio.wait({giving_back}, timeout=_PATIENCE_SECONDS)


_giving_back: set[asyncio.Task[None]] = set()
"""The event loop itself holds tasks only weakly."""


async def _end_lease(world: World, claim: tuple[UUID, str, str], leased_until: datetime) -> None:
    """This one's own, if it was committed: the claim may have been answered, or taken over, meanwhile."""
    for _ in range(int(LEASE.total_seconds())):
        try:
            async with transaction(world.sessions) as session:
                await fetch(session, _END_LEASE, *claim, leased_until)
        except Exception as error:  # noqa: BLE001 - its request has failed already, and the lease ends by itself
            log.warning("claim_not_given_back", error=type(error).__name__)
            await asyncio.sleep(1)
        else:
            return


async def _lock(session: AsyncSession, claim: tuple[UUID, str, str]) -> bool:
    (lock,) = await fetch(session, _LOCK, _name(claim))
    return bool(lock["is_free"])


def _name(claim: tuple[UUID, str, str]) -> str:
    """By which the key is locked."""
    return "\n".join(map(str, claim))


def _answer(status: int | Callable[[Any], int], value: Any, shape: TypeAdapter[Any]) -> Response:
    body = shape.dump_json(shape.validate_python(value, from_attributes=True), by_alias=True)
    return Response(body, status if isinstance(status, int) else status(value), media_type="application/json")


OnceDep = Annotated[Once, made_here(Once)]
