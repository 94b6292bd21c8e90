"""What the worker does for accounts by itself."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from mestore.auth.ended_repository import EndedRepository
from mestore.core.database import transaction
from mestore.core.world import World

_BATCHES = 1_000
"""In one run: the next one goes on."""


async def forget_what_ended(world: World) -> None:
    """Delete sessions, codes and password links that ended long ago, each batch in a transaction of its own."""
    sessions_kept = timedelta(days=world.settings.auth.sessions_kept_days)
    codes_kept = timedelta(days=world.settings.auth.codes_kept_days)
    await _in_batches(world, lambda ended: ended.forget_sessions(sessions_kept))
    await _in_batches(world, lambda ended: ended.forget_codes(codes_kept))
    await _in_batches(world, lambda ended: ended.forget_password_links(codes_kept))


async def _in_batches(world: World, forget: Callable[[EndedRepository], Awaitable[int]]) -> None:
    for _ in range(_BATCHES):
        async with transaction(world.sessions) as session:
            if not await forget(EndedRepository(session)):
                return
