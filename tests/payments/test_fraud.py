"""Fraud: ordinary purchases pass, what piles up does not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mestore.core.market_settings import FraudSettings
from mestore.core.money import ZERO, Money
from mestore.payments.fraud.score import Facts, judge

REVIEW, DECLINE = FraudSettings().review_from, FraudSettings().decline_from
FIRST_PURCHASE = Facts(
    amount=Money(60_000),
    largest_paid_before=ZERO,
    account_age=timedelta(minutes=5),
    email_verified=True,
    attempts=0,
    declines=0,
)
OLD_CUSTOMER = replace(FIRST_PURCHASE, account_age=timedelta(days=400), largest_paid_before=Money(300_000))


def first(pesos: int = 60_000, **facts: Any) -> Facts:
    return replace(FIRST_PURCHASE, amount=Money(pesos), **facts)


def old(pesos: int = 120_000, **facts: Any) -> Facts:
    return replace(OLD_CUSTOMER, amount=Money(pesos), **facts)


NOTHING_VERIFIED: dict[str, Any] = {"email_verified": False, "phone_verified": False}
PAYS_FOR_ANOTHER: dict[str, Any] = {"name_differs": True, "document_differs": True}

ORDINARY = {
    "a first purchase of 60,000": first(60_000),
    "a first purchase of 1,500,000": first(1_500_000),
    "a first purchase of 1,000": first(1_000),
    "a first purchase right after registering": first(account_age=timedelta(0)),
    "a first purchase without verified e-mail": first(email_verified=False),
    "a first purchase of 1,500,000 without verified e-mail": first(1_500_000, email_verified=False),
    "a first purchase of 1,500,000 with nothing verified": first(1_500_000, **NOTHING_VERIFIED),
    "a first purchase without verified phone": first(phone_verified=False),
    "a first fridge": first(4_500_000),
    "a first fridge with nothing verified": first(4_500_000, **NOTHING_VERIFIED),
    "a first motorcycle": first(9_999_999),
    "a first computer for a company": first(6_000_000, document_differs=True),
    "a first very large order, all verified": first(10_000_000),
    "with the mother's card": first(name_differs=True),
    "with the mother's card and document": first(**PAYS_FOR_ANOTHER),
    "the mother's card for a fridge": first(4_500_000, name_differs=True),
    "the family's card, second buyer of the day": first(buyers_of_card=2),
    "the family's card in December, three buyers": first(buyers_of_card=3, name_differs=True),
    "two cards, for the first was declined": first(attempts=1, declines=1, cards_of_buyer=2),
    "two declines, then another card": first(attempts=2, declines=2),
    "three cards, for two were declined": first(attempts=2, declines=2, cards_of_buyer=3),
    "four attempts at a bank that is away": first(attempts=4),
    "five attempts at a bank that is away": first(attempts=5),
    "three declines for want of funds": first(attempts=3, declines=3),
    "a mobile network with many buyers": first(address_attempts=59),
    "a university's address": first(address_attempts=45, address_declines=9),
    "a black Friday at a university": first(1_500_000, address_attempts=100),
    "a café's address with some declines": first(address_attempts=22, address_declines=10),
    "a family's tablet": first(device_attempts=5, device_declines=3),
    "a family's tablet after a bad hour": first(device_attempts=6, device_declines=3),
    "a shop's till for its customers": old(device_attempts=11, address_attempts=19),
    "an old customer as ever": old(),
    "an old customer's gift for a friend": old(name_differs=True),
    "an old customer's company pays": old(2_900_000, **PAYS_FOR_ANOTHER),
    "an old customer's large order": old(9_000_000),
    "an old customer ten times above the last": old(3_000_000),
    "an old customer's very large order": old(10_000_000, largest_paid_before=Money(8_000_000)),
    "an old customer whose e-mail was changed": old(email_verified=False),
    "an old customer's bad hour": old(attempts=6, declines=3),
    "an old customer's new cards": old(cards_of_buyer=4),
    "an old customer on a new phone": old(phone_verified=False, device_attempts=1),
    "an old customer far above a trinket": old(250_000, largest_paid_before=Money(8_000)),
    "a day-old account": first(2_000_000, account_age=timedelta(hours=24), email_verified=False),
    "a month-old account's first large order": first(5_000_000, account_age=timedelta(days=30), name_differs=True),
    "a reseller who buys often": old(2_000_000, attempts=9, device_attempts=9),
}

SUSPICIOUS = {
    "a stranger's very large order": first(12_000_000, email_verified=False),
    "a stranger's very large order, nothing verified": first(10_000_000, **NOTHING_VERIFIED),
    "one decline after the other": first(attempts=5, declines=4, email_verified=False),
    "somebody else's card for a large order, nothing verified": first(3_000_000, **NOTHING_VERIFIED, name_differs=True),
    "a very large order in another's name": first(10_000_000, name_differs=True),
    "another's name and document for a large order": first(4_000_000, **PAYS_FOR_ANOTHER),
    "an old account far above itself in another's name": old(9_000_000, name_differs=True),
    "a very large order of an account that wakes up": old(12_000_000, phone_verified=False),
    "four buyers of one card, new and unverified": first(buyers_of_card=4, email_verified=False, phone_verified=False),
    "five cards in a day": old(cards_of_buyer=5),
    "five buyers of one card": old(buyers_of_card=5),
    "a device with many declines": first(device_declines=8),
    "an address with many declines": first(address_declines=25),
    "three cards and three declines": first(attempts=3, declines=3, cards_of_buyer=3),
    "many attempts of a new, unverified account": first(attempts=10, email_verified=False),
    "a bad device and a bad address": first(device_declines=4, address_declines=10),
    "many attempts of a device, large amount": first(3_500_000, device_attempts=12),
    "document and card of others": first(document_differs=True, buyers_of_card=3),
    "many declines of an unverified account": old(declines=5, email_verified=False),
    "several of everything": first(attempts=5, device_attempts=6, address_attempts=20),
}

ATTACKS = {
    "card testing": first(attempts=12, declines=11),
    "card testing with small amounts": first(1_000, attempts=10, declines=5),
    "card testing on an old, taken over account": old(5_000, attempts=15, declines=15),
    "card testing with many cards": first(attempts=6, declines=4, cards_of_buyer=5),
    "card testing from fresh accounts on one device": first(device_attempts=12, device_declines=8),
    "card testing from fresh accounts at one address": first(address_attempts=60, address_declines=25),
    "card testing by a slow hand on one device": first(device_attempts=8, device_declines=8, email_verified=False),
    "card testing from a botnet with one card": first(buyers_of_card=12, email_verified=False),
    "a stolen card on a new account": first(15_000_000, email_verified=False, attempts=6, declines=3),
    "a stolen card for a large order": first(10_000_000, email_verified=False, name_differs=True),
    "a stolen card and document": first(10_000_000, document_differs=True, phone_verified=False),
    "a stolen identity for a phone": first(5_000_000, **NOTHING_VERIFIED, **PAYS_FOR_ANOTHER),
    "a stolen card that is tried until it goes through": first(3_000_000, attempts=5, declines=5),
    "a stolen card shared in a group": first(buyers_of_card=5, name_differs=True),
    "a stolen card shared by unverified accounts": first(2_000_000, buyers_of_card=5, phone_verified=False),
    "a list of stolen cards": first(cards_of_buyer=9, attempts=9),
    "a list of stolen cards, mostly dead": first(cards_of_buyer=6, declines=4),
    "a taken over account on a spree": old(12_000_000, attempts=5, name_differs=True),
    "a taken over account with new cards": old(9_500_000, cards_of_buyer=4, attempts=5),
    "a taken over account, tried hard": old(3_500_000, attempts=10, declines=3, email_verified=False),
    "a blocked e-mail address": first(blocked=("email",)),
    "a blocked card on an old account": old(blocked=("card",)),
    "a blocked document": first(1_500_000, blocked=("document",)),
    "a blocked device": old(blocked=("device",)),
    "blocked in every way": first(blocked=("email", "phone", "document", "card", "device", "address")),
    "everything at once": first(
        50_000_000,
        **NOTHING_VERIFIED,
        **PAYS_FOR_ANOTHER,
        attempts=50,
        declines=50,
        device_attempts=50,
        device_declines=50,
        address_attempts=500,
        address_declines=500,
        cards_of_buyer=50,
        buyers_of_card=50,
    ),
}


def test_the_tables_are_long_enough() -> None:
    assert len(ORDINARY) >= 40
    assert len(SUSPICIOUS) + len(ATTACKS) >= 40


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
    assert judge(first(account_age=timedelta(days=30))).reasons == []
    assert judge(first(email_verified=False)).reasons == ["new_account", "email_not_verified"]
    assert judge(first(blocked=("card", "email"))).reasons == ["new_account", "blocked_card", "blocked_email"]


STEPS = [
    ("attempts", 5, "several_attempts", 10, "many_attempts"),
    ("declines", 3, "several_declines", 5, "many_declines"),
    ("device_attempts", 6, "several_attempts_of_device", 12, "many_attempts_of_device"),
    ("device_declines", 4, "several_declines_of_device", 8, "many_declines_of_device"),
    ("address_attempts", 20, "several_attempts_of_address", 60, "many_attempts_of_address"),
    ("address_declines", 10, "several_declines_of_address", 25, "many_declines_of_address"),
    ("cards_of_buyer", 3, "several_cards", 5, "many_cards"),
    ("buyers_of_card", 3, "card_of_several_buyers", 5, "card_of_many_buyers"),
]


@pytest.mark.parametrize(("fact", "low", "few", "high", "many"), STEPS)
def test_each_count_has_two_steps(fact: str, low: int, few: str, high: int, many: str) -> None:
    said = {count: judge(old(**{fact: count})) for count in (low - 1, low, high - 1, high)}
    assert [verdict.reasons for verdict in said.values()] == [[], [few], [few], [many]]
    (low_points, high_points) = (points for _, points in getattr(FraudSettings(), fact))
    assert [verdict.score for verdict in said.values()] == [0, low_points, low_points, high_points]


@pytest.mark.parametrize(
    ("pesos", "largest", "reasons"),
    [
        (2_999_999, 2_999_999, []),
        (3_000_000, 3_000_000, ["large_amount"]),
        (10_000_000, 10_000_000, ["very_large_amount"]),
        (999_999, 100_000, []),
        (1_000_000, 100_000, ["far_above_own_history"]),
        (2_999_999, 100_000, ["far_above_own_history"]),
        (3_000_000, 100_000, ["large_amount", "very_far_above_own_history"]),
    ],
)
def test_amounts_are_judged_by_limits_and_by_the_buyers_own(pesos: int, largest: int, reasons: list[str]) -> None:
    assert judge(old(pesos, largest_paid_before=Money(largest))).reasons == reasons


def test_an_account_is_new_for_a_day() -> None:
    assert judge(first(account_age=timedelta(hours=23, minutes=59))).reasons == ["new_account"]
    assert judge(first(account_age=timedelta(hours=24))).reasons == []


NEWCOMERS = [
    {"email_verified": False},
    {"phone_verified": False},
    {"name_differs": True},
    {"document_differs": True},
    {"address_attempts": 10_000},
    {"attempts": 10},
    {"amount": Money(10_000_000)},
]


@pytest.mark.parametrize("fact", NEWCOMERS, ids=str)
def test_no_fact_that_newcomers_share_is_enough_alone(fact: dict[str, Any]) -> None:
    assert judge(replace(FIRST_PURCHASE, **fact)).score < REVIEW


facts = st.builds(
    Facts,
    amount=st.integers(1, 10**9).map(Money),
    largest_paid_before=st.integers(0, 10**9).map(Money),
    account_age=st.timedeltas(timedelta(0), timedelta(days=3_000)),
    email_verified=st.booleans(),
    phone_verified=st.booleans(),
    name_differs=st.booleans(),
    document_differs=st.booleans(),
    **{name: st.integers(0, 100) for name, *_ in STEPS},
)


@given(facts)
def test_a_score_is_from_0_to_100_and_has_its_reasons(facts: Facts) -> None:
    verdict = judge(facts)
    assert 0 <= verdict.score <= 100
    assert bool(verdict.score) == bool(verdict.reasons)
    assert len(set(verdict.reasons)) == len(verdict.reasons)
    assert verdict == judge(facts)


@given(facts, st.sampled_from([name for name, *_ in STEPS]), st.integers(1, 100))
def test_more_of_what_is_suspicious_never_looks_better(facts: Facts, fact: str, more: int) -> None:
    worse = replace(facts, **{fact: getattr(facts, fact) + more})
    assert judge(worse).score >= judge(facts).score


def test_other_rules_make_other_scores() -> None:
    rules = FraudSettings(new_account=0, email_not_verified=77, attempts=((1, 5), (2, 9)))
    assert judge(first(email_verified=False, attempts=1), rules).score == 82
    assert judge(first(), rules).reasons == []


@pytest.mark.parametrize("steps", [((5, 20), (5, 40)), ((10, 20), (5, 40)), ((5, 40), (10, 20)), ((0, 1), (5, 2))])
def test_rules_that_make_no_sense_are_refused(steps: Any) -> None:
    with pytest.raises(ValidationError):
        FraudSettings(attempts=steps)
