"""The addresses at which somebody sees where they are signed in, and ends it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mestore.auth.errors import SessionNotFound
from mestore.auth.schemas import SessionOut
from mestore.auth.sessions import LivingSession, SessionService
from mestore.core.boundary import StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import SessionId
from mestore.core.paging import Page
from mestore.users.current import CurrentSession
from mestore.users.errors import NotSignedIn

router = APIRouter(prefix="/auth/sessions", tags=["auth"], route_class=StrictRoute)

Sessions = Annotated[SessionService, Depends()]


@router.get("", summary="See where I am signed in", responses=refusals(NotSignedIn))
async def list_sessions(caller: CurrentSession, sessions: Sessions) -> Page[SessionOut]:
    """Newest first, the hundred newest."""
    shown = [_shown(each, caller.session.id) for each in await sessions.living(caller.user.id)]
    return Page(items=shown, next_cursor=None, total=None)


@router.delete("", summary="Sign out everywhere else", status_code=204, responses=refusals(NotSignedIn))
async def end_other_sessions(caller: CurrentSession, sessions: Sessions) -> None:
    """Ends every session but the one that this request comes in."""
    await sessions.end_others(caller.user.id, caller.session.id)


@router.delete(
    "/{session_id}",
    summary="Sign out one device",
    status_code=204,
    responses=refusals(NotSignedIn, SessionNotFound),
)
async def end_session(session_id: Uuid, caller: CurrentSession, sessions: Sessions) -> None:
    await sessions.end(caller.user.id, SessionId(session_id))


def _shown(living: LivingSession, current: SessionId) -> SessionOut:
    session = living.session
    return SessionOut(
        id=session.id,
        ip=str(session.ip) if session.ip else None,
        user_agent=session.user_agent,
        created_at=session.created_at,
        last_seen_at=living.last_seen_at,
        current=session.id == current,
    )
