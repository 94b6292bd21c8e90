"""A day held against each gateway's books. What differs is a row that an administrator closes; nothing is put right by
itself (fault F32), but for what is still open here and was decided there: that is settled as the sweeper would.

Wompi lists its day. PayU and Payválida have no list: they are asked about our attempts one by one, unhurriedly.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from mestore.core.clock import COLOMBIA
from mestore.core.database import transaction
from mestore.core.ids import DifferenceId, PaymentId
from mestore.core.world import World
from mestore.payments.gateways.base import Charge, Gateway, OutcomeUnknown
from mestore.payments.gateways.routes import gateways
from mestore.payments.gateways.tries import held_against
from mestore.payments.gateways.wompi import WompiGateway
from mestore.payments.models import Payment
from mestore.payments.reconciliation.comparison import Differing, compare, missing_here, missing_there, was_told_of
from mestore.payments.reconciliation.models import ReconciliationDifference
from mestore.payments.reconciliation.repository import ReconciliationRepository
from mestore.payments.repository import PaymentRepository
from mestore.payments.settlement import Settlement
from mestore.payments.states import OPEN, PaymentStatus

log = structlog.get_logger(__name__)
SOURCE = "reconciliation"
_PAUSE_SECONDS = 0.1
"""Between two questions about single attempts: gateways count how often they are asked."""
_MOST_UNANSWERED = 5
_MADE_UP_FOR = 7
"""So many days back those are compared that could not be when it was their turn."""
_SETTLES_DOWN = timedelta(hours=1)

Progress = Callable[[int, int], None]
"""Told how much was compared, and of how much."""


class ReconciliationBroken(Exception):
    """The gateway did not answer enough to compare the day to its end."""


class SomeUnanswered(ReconciliationBroken):
    """The day was compared to its end, but for single questions: the gateway answers, and the day is not finished."""


@dataclass(frozen=True)
class Reconciled:
    gateway: str
    day: date
    compared: int
    differences: Sequence[ReconciliationDifference]
    """What differs now; closed ones too, if they still do."""

    @property
    def open_differences(self) -> list[ReconciliationDifference]:
        return [each for each in self.differences if each.closed_at is None]


async def reconcile_days(world: World) -> None:
    """Compare yesterday, and the days before that were not compared to their end. A gateway that does not answer is
    asked again at the next turn; what spoils one day, or one gateway, leaves the others to be compared.
    """
    yesterday = latest_day(world)
    days = [yesterday - timedelta(days=back) for back in range(_MADE_UP_FOR)]
    async with transaction(world.sessions) as session:
        finished = await ReconciliationRepository(session).finished(days)
    for gateway in gateways(world):
        for day in reversed(days):
            if (gateway, day) in finished:
                continue
            try:
                done = await reconcile(world, gateway, day)
            except ReconciliationBroken as error:
                log.warning("reconciliation_broken", gateway=gateway, day=day.isoformat(), reason=str(error))
                if isinstance(error, SomeUnanswered):
                    continue
                break
            except Exception:
                # Whatever it is, it is there again at the next turn: it may not hide what the other days hold.
                log.exception("reconciliation_failed", gateway=gateway, day=day.isoformat())
                continue
            if done.open_differences:
                log.warning("reconciliation_differs", gateway=gateway, day=str(day), rows=len(done.open_differences))


def latest_day(world: World) -> date:
    """The last day in Colombia that is over, and about which everybody has had an hour to say the last word."""
    return (world.now() - _SETTLES_DOWN).astimezone(COLOMBIA).date() - timedelta(days=1)


async def reconcile(world: World, gateway: str, day: date, progress: Progress = lambda _done, _of: None) -> Reconciled:
    """Compare a day in Colombia, and what is still open from before. Run again, it adds nothing.

    Raises:
        KeyError: the gateway is not configured.
        ReconciliationBroken: it did not answer; what was found until then is on record.
    """
    return await _Reconciler(world, gateways(world)[gateway], day, progress).run()


class _Reconciler:
    def __init__(self, world: World, gateway: Gateway, day: date, progress: Progress) -> None:
        self._world = world
        self._gateway = gateway
        self._day = day
        self._progress = progress
        self._found: dict[DifferenceId, ReconciliationDifference] = {}
        self._unanswered = 0

    async def run(self) -> Reconciled:
        try:
            listed = await self._listed()
        except OutcomeUnknown as error:
            raise ReconciliationBroken(str(error)) from error
        async with transaction(self._world.sessions) as session:
            attempts = await ReconciliationRepository(session).attempts(self._gateway.name, self._day)
        done, of, seen = 0, len(listed) + len(attempts), set[PaymentId]()
        self._progress(done, of)
        for reference, charges in listed.items():
            with self._counting():
                seen |= await self._look_up(reference, charges)
            done += 1
            self._progress(done, of)
        for payment_id in attempts:
            if payment_id not in seen:
                await asyncio.sleep(_PAUSE_SECONDS)
                with self._counting():
                    await self._ask(payment_id)
            done += 1
            self._progress(done, of)
        if self._unanswered:
            raise SomeUnanswered(f"{self._unanswered} questions were not answered")
        compared = len(listed) + len(set(attempts) - seen)
        async with transaction(self._world.sessions) as session:
            await ReconciliationRepository(session).finish(self._gateway.name, self._day, compared)
        return Reconciled(self._gateway.name, self._day, compared, list(self._found.values()))

    async def _listed(self) -> Mapping[str, Sequence[Charge]]:
        """What the gateway lists of the day, by reference; nothing where it has no list."""
        found: dict[str, list[Charge]] = defaultdict(list)
        if isinstance(self._gateway, WompiGateway):
            async for charge in self._gateway.list_day(self._day):
                found[charge.reference].append(charge)
        return found

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """One question that is not answered ends nothing; many mean that the gateway is away."""
        try:
            yield
        except OutcomeUnknown as error:
            log.warning("reconciliation_unanswered", gateway=self._gateway.name, reason=str(error))
            self._unanswered += 1
            if self._unanswered >= _MOST_UNANSWERED:
                raise ReconciliationBroken(str(error)) from error

    async def _look_up(self, reference: str, charges: Sequence[Charge]) -> set[PaymentId]:
        """Hold what the gateway lists under a reference against our attempt, which is given back if there is one."""
        async with transaction(self._world.sessions) as session:
            payment = await PaymentRepository(session).by_reference(self._gateway.name, reference)
        # One reference can have a declined and then an approved transaction, but not two approved ones.
        approved = [charge for charge in charges if charge.status is PaymentStatus.APPROVED]
        if payment is None:
            await self._record(None, (approved or charges)[-1], "no attempt of ours has this reference")
            return set()
        ours = [charge for charge in approved if charge.transaction_id == payment.gateway_transaction_id]
        counted = (ours or approved or charges)[-1]
        for charge in approved:
            if charge is not counted:
                await self._record(payment, charge, f"a second approved transaction under {reference}")
        await self._hold_against(payment.id, counted)
        return {payment.id}

    async def _ask(self, payment_id: PaymentId) -> None:
        async with transaction(self._world.sessions) as session:
            payment = await ReconciliationRepository(session).attempt(payment_id)
        charge = await self._gateway.find(payment.reference)
        if charge is not None:
            await self._hold_against(payment_id, charge)
        elif was_told_of(payment):
            await self._open(payment, missing_there(payment))

    async def _hold_against(self, payment_id: PaymentId, charge: Charge) -> None:
        async with transaction(self._world.sessions) as session:
            payment = await ReconciliationRepository(session).attempt(payment_id)
            if payment.status in OPEN and charge.status not in OPEN:
                payment = await Settlement(session, self._world.settings).apply(payment, charge, SOURCE)
        ours, beside = held_against(charge, payment)
        for other in beside:
            await self._record(payment, other, f"a second approved transaction under {payment.reference}")
        if ours is None or compare(payment, ours) is None:
            return
        # Either side may have moved since it was read: only what still differs is a difference.
        again = await self._gateway.find(payment.reference)
        async with transaction(self._world.sessions) as session:
            payment = await ReconciliationRepository(session).attempt(payment_id)
        ours = None if again is None else held_against(again, payment)[0]
        differing = missing_there(payment) if ours is None else compare(payment, ours)
        if differing is not None:
            await self._open(payment, differing)

    async def _record(self, payment: Payment | None, charge: Charge, reason: str) -> None:
        """Money there that is none here."""
        reference = charge.reference if payment is None else charge.transaction_id
        await self._keep(self._day, reference, missing_here(charge, reason), payment.id if payment else None)

    async def _open(self, payment: Payment, differing: Differing) -> None:
        day = payment.created_at.astimezone(COLOMBIA).date()
        await self._keep(day, payment.reference, differing, payment.id)

    async def _keep(self, day: date, reference: str, differing: Differing, payment_id: PaymentId | None) -> None:
        async with transaction(self._world.sessions) as session:
            row = await ReconciliationRepository(session).open_difference(
                self._gateway.name, day, reference, differing, payment_id
            )
        self._found[row.id] = row
