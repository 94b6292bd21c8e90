"""Money that pays no order goes back: of a payment that came too late or twice, or was rejected, all of it, once."""

from enum import StrEnum

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.settings import Settings
from mestore.payments.models import Payment
from mestore.payments.refunds.service import RefundService

log = structlog.get_logger(__name__)


class Unsettled(StrEnum):
    """Why a payment pays no order: the first part of its refund's `cause`, as in `late:55`."""

    LATE = "late"
    SECOND = "second"
    REJECTED = "rejected"


_REASONS = {
    Unsettled.LATE: "Tu pago llegó cuando el pedido ya no se podía entregar",
    Unsettled.SECOND: "El pedido ya estaba pagado: este fue un segundo pago",
    Unsettled.REJECTED: "No pudimos aceptar este pago",
}


class UnsettledMoney:
    def __init__(self, session: AsyncSession, settings: Settings) -> None:
        self._session = session
        self._settings = settings

    async def open_for_unsettled(self, payment: Payment, why: Unsettled) -> None:
        """Owe all of an approved payment back, once. The rows of its order and of itself are held.

        No commission was made on it, so none is reversed, and no package is named.
        """
        now = await self._session.scalar(select(func.now()))
        assert now is not None
        refunds = RefundService(self._session, self._settings, lambda: now)
        opened = await refunds.add(payment, None, f"{why}:{payment.id}", payment.amount, reason=_REASONS[why])
        if opened is not None:
            log.warning("unsettled_money_is_owed_back", payment_id=payment.id, why=why.value)
