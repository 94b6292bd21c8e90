"""What a buyer is told about a payment that waits for them."""

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import PaymentId
from mestore.core.settings import Settings
from mestore.notifications.models import Notice
from mestore.notifications.service import NotificationService
from mestore.orders.models import Order
from mestore.payments.gateways.efecty import EfectyGateway
from mestore.payments.models import Payment
from mestore.payments.slips import instructions
from mestore.payments.states import PaymentStatus


class PaymentLetters:
    def __init__(self, session: AsyncSession, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._notifications = NotificationService(session)

    async def slip(self, payment_id: PaymentId) -> None:
        """Tell the code, until when it is taken, and how; nothing of one that does not wait any more.

        The letter is dropped rather than sent when the code's time is over.
        """
        payment = await self._session.get_one(Payment, payment_id)
        told = instructions(payment, self._settings)
        if told is None or payment.status is not PaymentStatus.PENDING:
            return
        order = await self._session.get_one(Order, payment.order_id)
        context = {
            "order_number": order.order_number,
            "code": told.code,
            "amount": str(told.amount),
            "expires_at": told.expires_at.isoformat(),
            "steps": told.steps,
            "agreement": self._settings.efecty.agreement if payment.gateway == EfectyGateway.name else None,
            "link": f"{self._settings.payments.slip_url}/{payment_id}",
        }
        notice = Notice(f"efecty_slip:{payment_id}", payment.buyer_id, "efecty_slip", context, told.expires_at)
        await self._notifications.queue(notice)
