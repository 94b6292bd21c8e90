"""Every query about letters, and what letters tell of orders."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from mestore.core.ids import MessageId, OrderId, ReturnId, ReturnMoveId, UserId, VendorId
from mestore.notifications.models import Channel, Message, MessageStatus, SmsDay
from mestore.orders.models import Order, OrderItem, Package
from mestore.returns.models import Return, ReturnHistory, ReturnItem
from mestore.vendors.models import Vendor

_NOW = func.clock_timestamp()


def _status(status: MessageStatus) -> Any:
    return literal(status, Message.status.type)


class MessageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self,
        fact: str,
        receiver_id: UserId,
        template: str,
        context: dict[str, Any],
        expires_at: datetime | None,
        channel: Channel,
    ) -> MessageId | None:
        """A new letter's number; None when this fact was told to this receiver before, by this channel."""
        return await self._session.scalar(
            insert(Message)
            .values(
                fact=fact,
                channel=channel,
                receiver_id=receiver_id,
                template=template,
                context=context,
                status=MessageStatus.QUEUED,
                expires_at=expires_at,
            )
            .on_conflict_do_nothing(index_elements=[Message.fact, Message.channel, Message.receiver_id])
            .returning(Message.id)
        )

    async def claim(self, message_id: MessageId) -> Message | None:
        """A letter that is still to be sent, now SENDING (or DROPPED, when it would come too late).

        One that is SENDING already was left so by a crash or a time-out, and goes again.
        """
        expired = Message.expires_at <= _NOW
        claimed = await self._session.execute(
            update(Message)
            .where(Message.id == message_id, Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]))
            .values(
                status=case((expired, _status(MessageStatus.DROPPED)), else_=_status(MessageStatus.SENDING)),
                attempts=Message.attempts + 1,
            )
            .returning(Message)
        )
        return claimed.scalar_one_or_none()

    async def settle(
        self,
        message_id: MessageId,
        status: MessageStatus,
        error: str | None = None,
        *,
        provider_id: str | None = None,
    ) -> None:
        sent_at = _NOW if status is MessageStatus.SENT else None
        await self._session.execute(
            update(Message)
            .where(Message.id == message_id)
            .values(status=status, error=error, sent_at=sent_at, provider_id=provider_id)
        )

    async def sent(self, message_id: MessageId) -> Message | None:
        return await self._session.scalar(
            select(Message).where(Message.id == message_id, Message.status == MessageStatus.SENT)
        )


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


@dataclass(frozen=True)
class PackageToTell:
    package: Package
    vendor: Vendor
    items: list[OrderItem]


class OrderReader:
    """What letters tell of an order."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def order(self, order_id: OrderId) -> Order:
        found = await self._session.scalars(
            select(Order).where(Order.id == order_id).options(selectinload(Order.items))
        )
        return found.one()

    async def packages(self, order: Order) -> list[PackageToTell]:
        rows = await self._session.execute(
            select(Package, Vendor)
            .join(Vendor, Vendor.id == Package.vendor_id)
            .where(Package.order_id == order.id)
            .order_by(Package.id)
        )
        return [
            PackageToTell(package, vendor, [item for item in order.items if item.package_id == package.id])
            for package, vendor in rows
        ]


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
