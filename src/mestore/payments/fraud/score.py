"""How suspicious an attempt to pay looks: a pure function from facts to a score of 0 to 100 and its reasons.

An ordinary first purchase must pass: no single fact that honest newcomers share may reach the review threshold alone.
What each fact costs, and from where on, is in `FraudSettings`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from mestore.core.market_settings import FraudSettings, FraudSteps
from mestore.core.money import Money


@dataclass(frozen=True)
class Facts:
    """What is known when somebody wants to pay. Of what is not known the default costs nothing."""

    amount: Money
    largest_paid_before: Money
    """By this buyer, ever; nothing for a first purchase."""
    account_age: timedelta
    email_verified: bool
    attempts: int
    """Of the buyer in the last hour, as `declines`; without the one that is judged."""
    declines: int
    phone_verified: bool = True
    device_attempts: int = 0
    """By the same device in the last hour, whoever's they were."""
    device_declines: int = 0
    address_attempts: int = 0
    """From the same address of the network in the last hour, whoever's they were."""
    address_declines: int = 0
    cards_of_buyer: int = 0
    """Different cards that the buyer tried in the last day. The one of the attempt that is judged counts once its
    gateway has told of it: before, it is a token that says nothing."""
    buyers_of_card: int = 0
    """Different buyers who tried one card in the last day, this buyer too: the card of the attempt once it is known,
    and before that the buyer's other cards of the day."""
    name_differs: bool = False
    """Who pays is named otherwise than the account."""
    document_differs: bool = False
    """Who pays has another document than the account."""
    blocked: tuple[str, ...] = ()
    """What of the attempt stands on the block list: `email`, `phone`, `document`, `card`, `device`, `address`."""


@dataclass(frozen=True)
class Verdict:
    score: int
    reasons: list[str]


def judge(facts: Facts, rules: FraudSettings | None = None) -> Verdict:
    """The sum of what counts, at most 100; `rules` are those of the settings unless others are given."""
    found = [(points, reason) for points, reason in _suspicions(facts, rules or FraudSettings()) if points]
    return Verdict(min(100, sum(points for points, _ in found)), [reason for _, reason in found])


def _suspicions(facts: Facts, rules: FraudSettings) -> Iterator[tuple[int, str]]:
    pesos = int(facts.amount.amount)
    yield _step(pesos, rules.amount, "large_amount", "very_large_amount")
    if facts.largest_paid_before:
        times = int(facts.amount.amount // facts.largest_paid_before.amount)
        yield _step(times, rules.times_own_largest, "far_above_own_history", "very_far_above_own_history")
    if facts.account_age < timedelta(hours=rules.new_hours):
        yield rules.new_account, "new_account"
    if not facts.email_verified:
        yield rules.email_not_verified, "email_not_verified"
    if not facts.phone_verified:
        yield rules.phone_not_verified, "phone_not_verified"
    yield from _counted(facts, rules)
    if facts.name_differs:
        yield rules.name_differs, "name_differs"
    if facts.document_differs:
        yield rules.document_differs, "document_differs"
    for what in facts.blocked:
        yield rules.blocked, f"blocked_{what}"


def _counted(facts: Facts, rules: FraudSettings) -> Iterator[tuple[int, str]]:
    yield _step(facts.attempts, rules.attempts, "several_attempts", "many_attempts")
    yield _step(facts.declines, rules.declines, "several_declines", "many_declines")
    yield _step(facts.device_attempts, rules.device_attempts, "several_attempts_of_device", "many_attempts_of_device")
    yield _step(facts.device_declines, rules.device_declines, "several_declines_of_device", "many_declines_of_device")
    yield _step(
        facts.address_attempts, rules.address_attempts, "several_attempts_of_address", "many_attempts_of_address"
    )
    yield _step(
        facts.address_declines, rules.address_declines, "several_declines_of_address", "many_declines_of_address"
    )
    yield _step(facts.cards_of_buyer, rules.cards_of_buyer, "several_cards", "many_cards")
    yield _step(facts.buyers_of_card, rules.buyers_of_card, "card_of_several_buyers", "card_of_many_buyers")


def _step(value: int, steps: FraudSteps, low: str, high: str) -> tuple[int, str]:
    """What the highest step that `value` reaches costs; nothing below the first."""
    (first, few), (second, many) = steps
    if value >= second:
        return many, high
    return (few, low) if value >= first else (0, low)
