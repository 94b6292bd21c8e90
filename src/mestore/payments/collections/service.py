"""What counters collected, brought in from the network's file of a day or by one code: each collection has one effect.

A line of the file is the network's own word, for our own agreement: it moves money by itself. A receipt that somebody
shows is not: its gateway is asked, and only what that says counts. Each collection is a transaction of its own, named
for ever by a unique key, so that a file that broke off is simply sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from mestore.core.clock import COLOMBIA
from mestore.core.database import Session, checkpoint, transaction
from mestore.core.failpoints import failpoint
from mestore.core.ids import PaymentId, UserId
from mestore.core.money import Money, total
from mestore.core.wiring import TheWorld
from mestore.payments.collections.file import (
    Collection,
    CollectionFile,
    FileHeader,
    WrongCollectionFile,
    read_collection_file,
)
from mestore.payments.collections.models import CollectionOutcome, CollectionRecord, CollectionSource
from mestore.payments.collections.placing import SOURCE, Placing, Taken
from mestore.payments.collections.repository import CollectionRepository
from mestore.payments.collections.schemas import CodePaidIn
from mestore.payments.errors import (
    CodeNotFound,
    CodeNotPaid,
    CollectedInFuture,
    CollectedOtherwise,
    CollectionFileRefused,
    GatewaySilent,
)
from mestore.payments.gateways.base import Charge, OutcomeUnknown
from mestore.payments.gateways.efecty import EfectyGateway
from mestore.payments.gateways.routes import gateways
from mestore.payments.models import Payment
from mestore.payments.settlement import Settlement
from mestore.payments.states import OPEN, PaymentStatus
from mestore.users.models import User

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Reported:
    """One line of a report."""

    line: int | None
    reference: str
    amount: Money
    receipt: str
    outcome: CollectionOutcome
    payment_id: PaymentId | None
    already: bool


@dataclass(frozen=True)
class OutcomeSum:
    outcome: CollectionOutcome
    count: int
    amount: Money


@dataclass(frozen=True)
class Report:
    file: FileHeader | None
    collections: Sequence[Reported]

    @property
    def count(self) -> int:
        return len(self.collections)

    @property
    def total(self) -> Money:
        return total([each.amount for each in self.collections])

    @property
    def outcomes(self) -> list[OutcomeSum]:
        sums = []
        for outcome in CollectionOutcome:
            amounts = [each.amount for each in self.collections if each.outcome is outcome]
            if amounts:
                sums.append(OutcomeSum(outcome, len(amounts), total(amounts)))
        return sums


class CollectionService:
    def __init__(self, session: Session, world: TheWorld) -> None:
        self._session = session
        self._world = world
        self._collections = CollectionRepository(session)

    async def take_file(self, admin: User, raw: bytes) -> Report:
        """Bring in a network's file. What came in before is told again, and nothing is done about it.

        Raises:
            CollectionFileRefused: it does not add up, or is none; nothing of it was used.
        """
        try:
            file = read_collection_file(raw)
        except WrongCollectionFile as error:
            raise CollectionFileRefused(error.line, error.reason) from error
        known = await self._collections.known([collection.key for collection in file.collections])
        await checkpoint(self._session)
        reported = []
        for collection in file.collections:
            before = known.get(collection.key)
            if before is not None:
                reported.append(_reported(before, already=True))
            else:
                reported.append(await self._take(admin.id, file, collection))
                failpoint("collection_taken")
        log.info("collection_file_taken", entity=file.header.entity, lines=len(reported), by=str(admin.id))
        return Report(file.header, reported)

    async def _take(self, admin_id: UserId, file: CollectionFile, collection: Collection) -> Reported:
        async with transaction(self._world.sessions) as session:
            collections = CollectionRepository(session)
            kept = await collections.keep(
                key=collection.key,
                source=CollectionSource.FILE,
                gateway=EfectyGateway.name,
                code=collection.reference,
                amount=collection.amount,
                collected_on=file.header.collected_on,
                receipt=collection.operation or collection.authorisation,
                line=collection.line,
                received_by=admin_id,
            )
            if kept is not None:
                payment = await collections.of_agreement(collection.reference)
                taken = Taken(kept, collection.key, collection.amount, collection.reference, collection.operation)
                placing = Placing(session, self._world.settings)
                if payment is None:
                    await placing.unknown(taken)
                elif collection.returned is not None:
                    await placing.returned(taken, payment, collection.returned)
                else:
                    await placing.of_network(taken, payment)
            record = (await collections.known([collection.key]))[collection.key]
            return _reported(record, already=kept is None)

    async def confirm_code(self, admin: User, said: CodePaidIn) -> Report:
        """Ask the gateway about a code that somebody says was paid; `PENDING` when it does not know of that yet.

        Raises:
            CodeNotFound: no attempt has this code.
            CollectedInFuture: `paid_at` has not come yet.
            GatewaySilent: it can't be asked now.
            CodeNotPaid: it says that the code expired, was cancelled, or was never made. That is on record then.
            CollectedOtherwise: it says another amount.
        """
        if said.paid_at is not None and said.paid_at > self._world.now():
            raise CollectedInFuture
        payment = await self._collections.by_code(said.code)
        if payment is None:
            raise CodeNotFound
        key = f"said:{payment.gateway}:{said.code}:{said.reference}"
        if before := (await self._collections.known([key])).get(key):
            return Report(None, [_reported(before, already=True)])
        charge = await self._ask(payment)
        if charge is None:
            raise CodeNotPaid(None)
        if charge.status in OPEN:
            return Report(None, [_pending(said, payment)])
        if charge.status is not PaymentStatus.APPROVED:
            await Settlement(self._session, self._world.settings).apply(payment, charge, SOURCE)
            await checkpoint(self._session)
            raise CodeNotPaid(charge.status)
        if charge.amount != said.amount:
            raise CollectedOtherwise(charge.amount)
        return await self._confirmed(admin.id, said, payment, charge, key)

    async def _confirmed(
        self, admin_id: UserId, said: CodePaidIn, payment: Payment, charge: Charge, key: str
    ) -> Report:
        kept = await self._collections.keep(
            key=key,
            source=CollectionSource.CODE,
            gateway=payment.gateway,
            code=said.code,
            amount=charge.amount,
            collected_on=said.paid_at.astimezone(COLOMBIA).date() if said.paid_at else None,
            receipt=said.reference,
            line=None,
            received_by=admin_id,
        )
        if kept is not None:
            taken = Taken(kept, key, charge.amount, said.code, said.reference)
            await Placing(self._session, self._world.settings).of_gateway(taken, payment, charge)
        record = (await self._collections.known([key]))[key]
        log.info("code_confirmed", payment_id=payment.id, outcome=record.outcome, by=str(admin_id))
        return Report(None, [_reported(record, already=kept is None)])

    async def _ask(self, payment: Payment) -> Charge | None:
        gateway = gateways(self._world).get(payment.gateway)
        if gateway is None:
            raise GatewaySilent
        await checkpoint(self._session)
        try:
            return await gateway.find(payment.reference)
        except OutcomeUnknown as error:
            log.warning("code_not_asked", payment_id=payment.id, gateway=payment.gateway, reason=str(error))
            raise GatewaySilent from error


def _reported(record: CollectionRecord, *, already: bool) -> Reported:
    return Reported(
        line=record.line,
        reference=record.code,
        amount=record.amount,
        receipt=record.receipt,
        outcome=record.outcome,
        payment_id=record.payment_id,
        already=already,
    )


def _pending(said: CodePaidIn, payment: Payment) -> Reported:
    return Reported(None, said.code, said.amount, said.reference, CollectionOutcome.PENDING, payment.id, already=False)
