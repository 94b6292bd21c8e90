"""Every query about collections and the codes that they are of."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import CollectionId, PaymentId
from mestore.orders.models import Order
from mestore.payments.collections.models import CollectionOutcome, CollectionRecord
from mestore.payments.gateways.efecty import EfectyGateway
from mestore.payments.models import Payment, PaymentEvent

_LONGEST_CODE = 40
_AT_ONCE = 1_000


class CollectionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def known(self, keys: Sequence[str]) -> dict[str, CollectionRecord]:
        """Those of these names that came in before."""
        found: dict[str, CollectionRecord] = {}
        for start in range(0, len(keys), _AT_ONCE):
            query = select(CollectionRecord).where(CollectionRecord.key.in_(keys[start : start + _AT_ONCE]))
            found |= {record.key: record for record in await self._session.scalars(query)}
        return found

    async def keep(self, **values: Any) -> CollectionId | None:
        """The new row's id, its outcome to be said in this same transaction; None when it came in before.

        Of two at once the second waits for the first.
        """
        kept: CollectionId | None = await self._session.scalar(
            insert(CollectionRecord)
            .values(**values, first=False, outcome=CollectionOutcome.UNKNOWN)
            .on_conflict_do_nothing(index_elements=[CollectionRecord.key])
            .returning(CollectionRecord.id)
        )
        return kept

    async def place(
        self, collection_id: CollectionId, outcome: CollectionOutcome, payment_id: PaymentId, *, first: bool
    ) -> None:
        await self._session.execute(
            update(CollectionRecord)
            .where(CollectionRecord.id == collection_id)
            .values(outcome=outcome, payment_id=payment_id, first=first)
            .execution_options(synchronize_session=False)
        )

    async def has_first(self, payment_id: PaymentId) -> bool:
        """Whether a collection stands for this payment already. The payment's row is held."""
        query = select(CollectionRecord.id).where(CollectionRecord.payment_id == payment_id, CollectionRecord.first)
        return await self._session.scalar(query) is not None

    async def of_agreement(self, reference: str) -> Payment | None:
        """The attempt under a code of our own agreement, as files write codes: without the zeros before them."""
        spellings = [reference.rjust(length, "0") for length in range(len(reference), _LONGEST_CODE + 1)]
        found = await self._session.scalars(
            select(Payment).where(Payment.gateway == EfectyGateway.name, Payment.code.in_(spellings)).limit(2)
        )
        payments = found.all()
        return payments[0] if len(payments) == 1 else None

    async def by_code(self, code: str) -> Payment | None:
        """The attempt under this code; where two gateways gave the same, that of our own agreement."""
        own_first = case((Payment.gateway == EfectyGateway.name, 0), else_=1)
        return await self._session.scalar(select(Payment).where(Payment.code == code).order_by(own_first).limit(1))

    async def fresh(self, payment_id: PaymentId) -> Payment:
        return await self._session.get_one(Payment, payment_id, populate_existing=True)

    async def standing(self, payment_id: PaymentId) -> Any:
        """Of a code: its order's number and status, whether its time is over, and when we last learned something."""
        heard = select(func.max(PaymentEvent.at)).where(PaymentEvent.payment_id == payment_id).scalar_subquery()
        over: ColumnElement[bool] = Payment.code_expires_at < func.now()
        return (
            await self._session.execute(
                select(
                    Order.order_number,
                    Order.status.label("order_status"),
                    over.label("over"),
                    func.coalesce(heard, Payment.created_at).label("known_at"),
                )
                .join(Payment, Payment.order_id == Order.id)
                .where(Payment.id == payment_id)
            )
        ).one()
