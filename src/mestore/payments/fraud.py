"""How suspicious an attempt to pay looks: a pure function from facts to a score of 0 to 100 and its reasons.

An ordinary first purchase must pass: no single fact that honest newcomers share may reach the review threshold alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from mestore.core.money import Money

_LARGE = Money(3_000_000)
_VERY_LARGE = Money(10_000_000)
_NEW = timedelta(hours=24)


@dataclass(frozen=True)
class Facts:
    """What is known when somebody wants to pay. Counts are of the last hour."""

    amount: Money
    largest_paid_before: Money
    account_age: timedelta
    email_verified: bool
    attempts: int
    declines: int


@dataclass(frozen=True)
class Verdict:
    score: int
    reasons: list[str]


def judge(facts: Facts) -> Verdict:
    found = list(_suspicions(facts))
    return Verdict(min(100, sum(points for points, _ in found)), [reason for _, reason in found])


def _suspicions(facts: Facts) -> Iterator[tuple[int, str]]:
    if facts.amount >= _VERY_LARGE:
        yield 40, "very_large_amount"
    elif facts.amount >= _LARGE:
        yield 15, "large_amount"
    if facts.largest_paid_before and facts.amount > facts.largest_paid_before * 10:
        yield 15, "far_above_own_history"
    if facts.account_age < _NEW:
        yield 10, "new_account"
    if not facts.email_verified:
        yield 15, "email_not_verified"
    if facts.attempts >= 10:
        yield 40, "many_attempts"
    elif facts.attempts >= 5:
        yield 20, "several_attempts"
    if facts.declines >= 5:
        yield 45, "many_declines"
    elif facts.declines >= 3:
        yield 25, "several_declines"
