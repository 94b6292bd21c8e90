"""Intents: what is to be paid and how, said before it is paid. Each is confirmed at most once, before it expires."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import PaymentIntentId, UserId
from mestore.payments.errors import IntentConfirmed, IntentExpired, IntentNotFound
from mestore.payments.models import Payment, PaymentIntent


@dataclass(frozen=True)
class IntentView:
    intent: PaymentIntent
    payment: Payment | None
    expired: bool


class Intents:
    """Every query about them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, intent: PaymentIntent, lasts: timedelta) -> PaymentIntent:
        intent.expires_at = func.now() + lasts
        self._session.add(intent)
        await self._session.flush()
        await self._session.refresh(intent)
        return intent

    async def of_buyer(self, buyer_id: UserId, intent_id: PaymentIntentId) -> IntentView:
        """Raises:
        IntentNotFound: absent, or somebody else's.
        """
        row = (
            await self._session.execute(
                select(PaymentIntent, Payment, PaymentIntent.expires_at < func.now())
                .outerjoin(Payment, Payment.id == PaymentIntent.payment_id)
                .where(PaymentIntent.id == intent_id, PaymentIntent.buyer_id == buyer_id)
            )
        ).one_or_none()
        if row is None:
            raise IntentNotFound
        return IntentView(*row)

    async def confirm(self, intent: PaymentIntent, payment: Payment, *, instead_of: Payment | None) -> None:
        """The attempt that it became; of two at once one wins. A further gateway's attempt takes the place of the one
        before.

        Raises:
            IntentConfirmed: it became another.
            IntentExpired: its time is over.
        """
        first = instead_of is None
        unused = PaymentIntent.confirmed_at.is_(None) & (PaymentIntent.expires_at > func.now())
        won = await self._session.scalar(
            update(PaymentIntent)
            .where(
                PaymentIntent.id == intent.id,
                unused if instead_of is None else PaymentIntent.payment_id == instead_of.id,
            )
            .values(payment_id=payment.id, **({"confirmed_at": func.now()} if first else {}))
            .returning(PaymentIntent.id)
        )
        if won is not None:
            return
        became = await self._session.scalar(select(PaymentIntent.payment_id).where(PaymentIntent.id == intent.id))
        if became is None:
            raise IntentExpired
        raise IntentConfirmed(became)
