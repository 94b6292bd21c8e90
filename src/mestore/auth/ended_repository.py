"""What ended long ago, found and deleted in batches. PostgreSQL's clock decides what is long ago."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from mestore.auth.models import OtpCode, PasswordReset, RefreshToken
from mestore.core.columns import is_any_of
from mestore.users.models import UserSession

_SESSIONS, _ROWS = 50, 1_000
"""At once, so that a batch takes far less than a statement may. A session has a token of each hour of its use."""

_LONG_ENDED = text("""
    SELECT s.id FROM refresh_tokens t JOIN user_sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
    WHERE t.used_at IS NULL AND t.expires_at < clock_timestamp() - CAST(:kept AS interval)
    ORDER BY t.expires_at LIMIT :most
    FOR UPDATE OF s SKIP LOCKED FOR KEY SHARE OF u SKIP LOCKED
""")
"""A session, revoked or not, is surely over when the last token of its chain, which is unused, has expired.

Whatever somebody else holds is left for another time, a user who is being erased too: this waits for nobody.
"""


class EndedRepository:
    """Each method deletes one batch, and tells how many rows that were."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def forget_sessions(self, kept: timedelta) -> int:
        """With all their refresh tokens: until then one that is used again is known for what it is."""
        ended = (await self._session.scalars(_LONG_ENDED, {"kept": kept, "most": _SESSIONS})).all()
        await self._session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(ended)))
        await self._session.execute(delete(UserSession).where(UserSession.id.in_(ended)))
        return len(ended)

    async def forget_codes(self, kept: timedelta) -> int:
        return await self._forget(OtpCode, OtpCode.id, OtpCode.expires_at < _before(kept))

    async def forget_password_links(self, kept: timedelta) -> int:
        return await self._forget(PasswordReset, PasswordReset.id, PasswordReset.expires_at < _before(kept))

    async def _forget(
        self, table: type[OtpCode | PasswordReset], key: InstrumentedAttribute[int], which: ColumnElement[bool]
    ) -> int:
        """The oldest come first by their key, so that little else is looked at."""
        oldest = select(key).where(which).order_by(key).limit(_ROWS).with_for_update(skip_locked=True)
        deleted = await self._session.scalars(delete(table).where(is_any_of(key, oldest)).returning(key))
        return len(deleted.all())


def _before(kept: timedelta) -> ColumnElement[datetime]:
    moment: ColumnElement[datetime] = func.clock_timestamp() - kept
    return moment
