"""Fraud: ordinary purchases pass, what piles up does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mestore.core.money import ZERO, Money
from mestore.payments.fraud import Facts, judge

REVIEW, DECLINE = 60, 80
FIRST_PURCHASE = Facts(
    amount=Money(60_000),
    largest_paid_before=ZERO,
    account_age=timedelta(minutes=5),
    email_verified=True,
    attempts=0,
    declines=0,
)

ORDINARY = {
    "a first purchase of 60,000": FIRST_PURCHASE,
    "a first purchase of 1,500,000": replace(FIRST_PURCHASE, amount=Money(1_500_000)),
    "a first purchase without verified e-mail": replace(FIRST_PURCHASE, email_verified=False),
    "a first fridge": replace(FIRST_PURCHASE, amount=Money(4_500_000)),
    "two declines, then another card": replace(FIRST_PURCHASE, attempts=2, declines=2),
    "an old customer's large order": replace(
        FIRST_PURCHASE,
        amount=Money(9_000_000),
        largest_paid_before=Money(300_000),
        account_age=timedelta(days=400),
    ),
}

SUSPICIOUS = {
    "a stranger's very large order": replace(FIRST_PURCHASE, amount=Money(12_000_000), email_verified=False),
    "one decline after the other": replace(FIRST_PURCHASE, attempts=5, declines=4, email_verified=False),
}

ATTACKS = {
    "card testing": replace(FIRST_PURCHASE, attempts=12, declines=11),
    "a stolen card on a new account": replace(
        FIRST_PURCHASE, amount=Money(15_000_000), email_verified=False, attempts=6, declines=3
    ),
}


@pytest.mark.parametrize("facts", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_purchases_pass(facts: Facts) -> None:
    assert judge(facts).score < REVIEW


@pytest.mark.parametrize("facts", SUSPICIOUS.values(), ids=SUSPICIOUS)
def test_suspicious_ones_wait_for_a_person(facts: Facts) -> None:
    assert REVIEW <= judge(facts).score < DECLINE


@pytest.mark.parametrize("facts", ATTACKS.values(), ids=ATTACKS)
def test_attacks_are_declined(facts: Facts) -> None:
    verdict = judge(facts)
    assert DECLINE <= verdict.score <= 100
    assert verdict.reasons


def test_every_reason_that_counts_is_named() -> None:
    assert judge(replace(FIRST_PURCHASE, account_age=timedelta(days=30))).reasons == []
    assert judge(replace(FIRST_PURCHASE, email_verified=False)).reasons == ["new_account", "email_not_verified"]
