"""Every query about what is kept of a person."""

from typing import Any

from sqlalchemy import Row, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.commissions.models import Commission, CommissionStatus
from mestore.core.ids import SessionId, UserId
from mestore.orders.models import Order, Package
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.payments.models import Payment, Refund
from mestore.payments.states import OPEN, RefundStatus
from mestore.privacy.records import Record
from mestore.returns.models import Return
from mestore.returns.states import ENDED
from mestore.users.models import UserSession
from mestore.vendors.models import Vendor

_ORDER_ENDED = (OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.REFUNDED)
_PACKAGE_ENDED = (PackageStatus.DELIVERED, PackageStatus.CANCELLED, PackageStatus.RETURNED)
_OWED = (CommissionStatus.PENDING, CommissionStatus.APPROVED)


class PrivacyRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def rows(self, record: Record, user_id: UserId) -> list[Row[Any]]:
        columns = [column for column in record.table.__table__.columns if column.name not in record.hidden]
        key = record.table.__mapper__.primary_key
        found = await self._session.execute(select(*columns).where(record.of(user_id)).order_by(*key))
        return list(found.all())

    async def erase(self, record: Record, user_id: UserId) -> None:
        which = record.of(user_id)
        if record.delete:
            await self._session.execute(delete(record.table).where(which))
        elif record.erase:
            await self._session.execute(update(record.table).where(which).values(**record.erase))

    async def is_in_use(self, user_id: UserId) -> bool:
        """Whether goods or money of this person, as a buyer or a vendor, are still on their way."""
        shops = select(Vendor.id).where(Vendor.user_id == user_id)
        to_send = (
            exists()
            .where(Package.vendor_id.in_(shops), Package.status.not_in(_PACKAGE_ENDED))
            .where(Package.order_id == Order.id, Order.status != OrderStatus.CANCELLED)
        )
        comes_back = Return.status.not_in(ENDED)
        owed_back = exists().where(
            Refund.order_id == Order.id, Order.buyer_id == user_id, Refund.status != RefundStatus.MADE
        )
        found = await self._session.scalar(
            select(
                or_(
                    exists().where(Order.buyer_id == user_id, Order.status.not_in(_ORDER_ENDED)),
                    exists().where(or_(Return.buyer_id == user_id, Return.vendor_id.in_(shops)), comes_back),
                    owed_back,
                    exists().where(Payment.buyer_id == user_id, Payment.status.in_(OPEN)),
                    to_send,
                    exists().where(Commission.vendor_id.in_(shops), Commission.status.in_(_OWED)),
                )
            )
        )
        return bool(found)

    async def session_ids(self, user_id: UserId) -> list[SessionId]:
        found = await self._session.scalars(select(UserSession.id).where(UserSession.user_id == user_id))
        return list(found.all())
