"""Ley 1581: everybody may see what is kept about them, and have it erased; the accounts of money stay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends

from mestore.auth.session_cache import SessionCache
from mestore.complaints.evidence import EvidenceService
from mestore.core.database import Session, checkpoint
from mestore.core.freshness import CATALOGUE, CATEGORIES, SHOPS, changed
from mestore.core.ids import UserId
from mestore.core.wiring import Clock, CurrentSettings
from mestore.privacy.errors import AccountInUse
from mestore.privacy.records import RECORDS
from mestore.privacy.repository import PrivacyRepository
from mestore.users.models import User
from mestore.users.service import UserService


@dataclass(frozen=True)
class Export:
    exported_at: datetime
    account: User
    records: dict[str, list[dict[str, Any]]]


class PrivacyService:
    def __init__(
        self, session: Session, settings: CurrentSettings, now: Clock, cache: Annotated[SessionCache, Depends()]
    ) -> None:
        self._session = session
        self._now = now
        self._cache = cache
        self._users = UserService(session, settings, now)
        self._kept = PrivacyRepository(session)
        self._evidence = EvidenceService(session, settings, now)

    async def export(self, user: User) -> Export:
        """Everything that is kept about somebody, but for secrets, which are kept as hashes."""
        records = {
            record.name: [_plain(row._asdict()) for row in await self._kept.rows(record, user.id)]
            for record in RECORDS
            if record.shown
        }
        return Export(self._now(), user, records)

    async def erase(self, user: User) -> None:
        """Erase somebody: personal data go, what is about money stays under an id that names nobody any more.

        The account is closed first and looked at afterwards: an order that is being placed holds the account's row, so
        it is waited for and then seen. An order of somebody's goods holds those, which are erased before a second look.

        Raises:
            AccountInUse: an order, payment or sale has not ended yet.
        """
        await self._users.erase(user.id)
        await self._refuse_if_in_use(user.id)
        ended = await self._kept.session_ids(user.id)
        pictures = await self._evidence.folders_of(user.id)
        for record in RECORDS:
            await self._kept.erase(record, user.id)
        await self._refuse_if_in_use(user.id)
        # Its shop, products and name under reviews are public; which of them it had, nobody asks any more.
        changed(self._session, SHOPS, CATALOGUE, CATEGORIES)
        await checkpoint(self._session)
        await self._cache.forget(user.id, *ended)
        await self._evidence.discard(pictures)

    async def _refuse_if_in_use(self, user_id: UserId) -> None:
        if await self._kept.is_in_use(user_id):
            raise AccountInUse


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: money, moments, ids and addresses are texts."""
    return {
        name: value if isinstance(value, str | int | list | dict | None) else _text(value)
        for name, value in row.items()
    }


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
