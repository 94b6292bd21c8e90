"""Gathers what is known of an attempt and lets the rules of fraud judge it, before a gateway is asked and once its card
is known.
"""

import unicodedata
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.clock import Now
from mestore.core.market_settings import FraudSettings
from mestore.core.money import ZERO
from mestore.core.settings import Settings
from mestore.orders.models import Order
from mestore.payments.fraud.repository import SuspicionRepository
from mestore.payments.fraud.score import Facts, Verdict, judge
from mestore.payments.fraud.traces import Payer, Traces
from mestore.payments.models import BlockKind, Payment
from mestore.users.models import User

_TELLING = 2
"""So many words that two names share make them one person's: `Ana María Ruiz Gómez` and `Ruiz Ana`."""


class Suspicion:
    def __init__(self, session: AsyncSession, settings: Settings, now: Now) -> None:
        self._rules = settings.fraud
        self._now = now
        self._facts = SuspicionRepository(session)
        self._traces = Traces(settings.fraud)

    def keys(self, payer: Payer) -> dict[str, str | None]:
        """What an attempt keeps of its payer: see `Traces.keys`."""
        return self._traces.keys(payer)

    async def judge(self, buyer: User, order: Order, payer: Payer) -> Verdict:
        """How suspicious it is that `payer` wants to pay the buyer's order; the attempt itself is not yet on record.

        A card is known only by what its gateway tells of it later: see `CardLook`.
        """
        keys = self._traces.keys(payer)
        found = await self._facts.velocity(
            buyer.id,
            device_key=keys["device_key"],
            address_key=keys["address_key"],
            digests=self._digests(buyer, payer, keys),
        )
        facts = Facts(
            amount=order.total_amount,
            largest_paid_before=found.largest,
            account_age=self._now() - buyer.created_at,
            email_verified=buyer.email_verified,
            phone_verified=buyer.phone_verified,
            attempts=found.of_buyer[0],
            declines=found.of_buyer[1],
            device_attempts=found.of_device[0],
            device_declines=found.of_device[1],
            address_attempts=found.of_address[0],
            address_declines=found.of_address[1],
            cards_of_buyer=found.cards,
            buyers_of_card=found.buyers_of_card,
            name_differs=payer.name is not None and _differ(payer.name, buyer.full_name),
            document_differs=self._documents_differ(found.document_number, payer.document_number),
            blocked=found.blocked,
        )
        return judge(facts, self._rules)

    def _digests(self, buyer: User, payer: Payer, keys: dict[str, str | None]) -> list[str]:
        said = (
            (BlockKind.EMAIL, buyer.email_key),
            (BlockKind.PHONE, buyer.phone),
            (BlockKind.PHONE, payer.phone),
            (BlockKind.DOCUMENT, payer.document_number),
        )
        found = [self._traces.digest(kind, value) for kind, value in said if value]
        return found + [key for key in keys.values() if key is not None]

    def _documents_differ(self, own: str | None, said: str | None) -> bool:
        if own is None or said is None:
            return False
        return self._traces.digest(BlockKind.DOCUMENT, own) != self._traces.digest(BlockKind.DOCUMENT, said)


class CardLook:
    """A second look at an attempt, when its gateway has told which card it is."""

    def __init__(self, session: AsyncSession, rules: FraudSettings) -> None:
        self._session = session
        self._rules = rules
        self._facts = SuspicionRepository(session)
        self._traces = Traces(rules)

    async def take(self, payment: Payment, card: str | None) -> None:
        """Keep the trace of an attempt's card, once, and add to its score what only the card tells."""
        if card is None or payment.card_key is not None:
            return
        payment.card_key = self._traces.digest(BlockKind.CARD, card)
        await self._session.flush()
        buyers, blocked = await self._facts.of_card(payment.card_key)
        found = judge(_only_the_card(buyers, ("card",) if blocked else ()), self._rules)
        new = [reason for reason in found.reasons if reason not in payment.fraud_reasons]
        if new:
            payment.fraud_score = min(100, payment.fraud_score + found.score)
            payment.fraud_reasons = [*payment.fraud_reasons, *new]


def _only_the_card(buyers: int, blocked: tuple[str, ...]) -> Facts:
    """All else was judged before, and costs nothing here."""
    return Facts(
        amount=ZERO,
        largest_paid_before=ZERO,
        account_age=timedelta.max,
        email_verified=True,
        attempts=0,
        declines=0,
        buyers_of_card=buyers,
        blocked=blocked,
    )


def _differ(one: str, other: str) -> bool:
    """Whether two names are surely of two people: order, accents and left-out names tell nothing."""
    words, others = _words(one), _words(other)
    return len(words & others) < min(_TELLING, len(words), len(others))


def _words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return frozenset(plain.casefold().split())
