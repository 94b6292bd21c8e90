"""Every query about letters, and what letters tell of returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch, fetch_kept
from mestore.core.ids import MessageId, ReturnId, ReturnMoveId, UserId, VendorId
from mestore.notifications.models import Channel, MessageStatus, Notice, SmsDay
from mestore.orders.models import Order, OrderItem
from mestore.returns.models import Return, ReturnHistory, ReturnItem
from mestore.vendors.models import Vendor

_ADD = """
    INSERT INTO messages (fact, channel, receiver_id, template, context, status, attempts, expires_at)
    SELECT fact, channel, receiver_id, template, context::jsonb, 'QUEUED', 0, expires_at
    FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[])
        AS new (fact, channel, receiver_id, template, context, expires_at)
    ON CONFLICT (fact, channel, receiver_id) DO NOTHING RETURNING id, template, channel
"""
_OUTGOING = """
    m.id, m.fact, m.receiver_id, m.template, m.context, m.status, m.attempts, m.created_at, m.expires_at, m.provider_id,
    u.full_name, u.email, u.language
"""
_RECEIVER = "LEFT JOIN users u ON u.id = m.receiver_id AND u.deleted_at IS NULL"
_CLAIM = f"""
    WITH m AS (
        UPDATE messages SET attempts = attempts + 1,
            status = CASE WHEN expires_at <= clock_timestamp() THEN 'DROPPED' ELSE 'SENDING' END
        WHERE id = ANY($1) AND status IN ('QUEUED', 'SENDING')
        RETURNING *
    )
    SELECT {_OUTGOING} FROM m {_RECEIVER} ORDER BY m.id
"""  # noqa: S608 - the parts are constants of this module
_SENT = f"SELECT {_OUTGOING} FROM messages m {_RECEIVER} WHERE m.id = $1 AND m.status = 'SENT'"  # noqa: S608
_SETTLE = """
    UPDATE messages SET status = $2::varchar, error = $3, provider_id = $4,
        sent_at = CASE WHEN $2 = 'SENT' THEN clock_timestamp() END
    WHERE id = $1
"""


@dataclass(frozen=True)
class Receiver:
    full_name: str
    email: str
    language: str


@dataclass(frozen=True)
class Outgoing:
    """A letter or SMS that leaves now."""

    id: MessageId
    fact: str
    receiver_id: UserId
    template: str
    context: dict[str, Any]
    status: MessageStatus
    attempts: int
    created_at: datetime
    expires_at: datetime | None
    provider_id: str | None
    receiver: Receiver | None
    """None once the account is erased."""


class MessageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, notices: Sequence[Notice]) -> list[tuple[MessageId, str, Channel]]:
        """Number, template and channel of the new ones; what was told to its receiver before, by its channel, is left
        out.
        """
        columns = (
            [new.fact for new in notices],
            [new.channel for new in notices],
            [new.receiver_id for new in notices],
            [new.template for new in notices],
            [orjson.dumps(new.context, default=str).decode() for new in notices],
            [new.expires_at for new in notices],
        )
        return [
            (row["id"], row["template"], Channel(row["channel"])) for row in await fetch(self._session, _ADD, *columns)
        ]

    async def claim(self, message_ids: Sequence[MessageId]) -> list[Outgoing]:
        """Those that are still to be sent, now SENDING (or DROPPED, when they would come too late).

        One that is SENDING already was left so by a crash or a time-out, and goes again. The claims are kept at once.
        """
        return [_outgoing(row) for row in await fetch_kept(self._session, _CLAIM, message_ids)]

    async def settle(
        self,
        message_id: MessageId,
        status: MessageStatus,
        error: str | None = None,
        *,
        provider_id: str | None = None,
    ) -> None:
        """Say what became of one, together with what follows from it."""
        await fetch(self._session, _SETTLE, message_id, status, error, provider_id)

    async def settle_letter(self, message_id: MessageId, status: MessageStatus, error: str | None = None) -> None:
        """Say what became of a letter, from which nothing follows: kept at once."""
        await fetch_kept(self._session, _SETTLE, message_id, status, error, None)

    async def sent(self, message_id: MessageId) -> Outgoing | None:
        found = await fetch(self._session, _SENT, message_id)
        return _outgoing(found[0]) if found else None


def _outgoing(found: Mapping[str, Any]) -> Outgoing:
    row = dict(found)
    name, email, language = (row.pop(column) for column in ("full_name", "email", "language"))
    receiver = None if email is None else Receiver(name, email, language)
    return Outgoing(**{**row, "status": MessageStatus(row["status"]), "receiver": receiver})


class SmsBudget:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take(self, day: date, budget: int) -> bool:
        """Whether the day's budget has one more SMS, which is taken: one statement, so that many at once count."""
        if budget < 1:
            return False
        taken = await self._session.scalar(
            insert(SmsDay)
            .values(day=day, sent=1)
            .on_conflict_do_update(
                index_elements=[SmsDay.day], set_={"sent": SmsDay.sent + 1}, where=SmsDay.sent < budget
            )
            .returning(SmsDay.sent)
        )
        return taken is not None


class ReturnReader:
    """What letters tell of a return."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def move(self, move_id: ReturnMoveId) -> ReturnHistory:
        return await self._session.get_one(ReturnHistory, move_id)

    async def whole(self, return_id: ReturnId) -> tuple[Return, Order, list[tuple[OrderItem, int]]]:
        """With its order, and its items with the units that come back."""
        found = await self._session.get_one(Return, return_id)
        items = await self._session.execute(
            select(OrderItem, ReturnItem.quantity)
            .join(ReturnItem, ReturnItem.order_item_id == OrderItem.id)
            .where(ReturnItem.return_id == return_id)
            .order_by(OrderItem.id)
        )
        order = await self._session.get_one(Order, found.order_id)
        return found, order, [(item, quantity) for item, quantity in items]

    async def owner(self, vendor_id: VendorId) -> UserId:
        return (await self._session.get_one(Vendor, vendor_id)).user_id
