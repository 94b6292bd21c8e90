"""The vectors of the protocol reference: demo secrets, digests computed apart from our code."""

from typing import Any

import pytest

from mestore.payments.gateways import payvalida_signatures as signatures

SECRET, NOTIFICATION_SECRET = "demoFixedHash", "demoNotifHash"
ORDER = "MKT2026000123"
CREATION = (
    "c10b2ababb813ef75acb2b9b0729347b22ac29e7bbdd406ae47f25aa2515e674"
    "d296af5f489828a85056696354f39df60132aa2b7503e23f304bf0259b594023"
)
QUESTION = (
    "8557ef40e7866598c1de048b016dc41f0867e47aa416715fcb38a3fbec267d5b"
    "5f6a6b76ba9fba5247d52db304bd6b42591f503b88697f48601891254841be5e"
)
COUNTER = (
    "816211511dacbbfd2704f5110b74e6c80bc3822f8fc8337aa15ff14a0bff329b"
    "c02a02c431dac06d82873a3f7ec33bcf32760ac1e2c1cc4e24599aa15bd1f5ff"
)
NOTIFICATIONS = {
    "approved": "4acbcc425f14c7c3b2476b75124be56a327d91a9b07a6e2b3c9641dcfda0d340",
    "cancelled": "cccf483a037d1e7947e979c078f2b472f41c9d60d37e3c43ecc72d2807c8a4e7",
}


def told(status: str, **changes: Any) -> dict[str, Any]:
    return {
        "pv_po_id": 95601,
        "po_id": ORDER,
        "status": status,
        "amount": "150000",
        "iso_currency": "COP",
        "pv_payment": "efecty",
        "pv_checksum": NOTIFICATIONS[status],
    } | changes


def test_creation() -> None:
    assert signatures.creation("ana@example.com", 343, ORDER, "COP", "150000", SECRET) == CREATION


def test_question() -> None:
    assert signatures.question(ORDER, "mimarket", SECRET) == QUESTION


def test_question_of_the_counter() -> None:
    assert signatures.counter_question("326000034567", 1, "efecty", 1791226107, SECRET) == COUNTER


@pytest.mark.parametrize("status", NOTIFICATIONS)
def test_notifications_in_either_case(status: str) -> None:
    assert signatures.notification(ORDER, status, NOTIFICATION_SECRET) == NOTIFICATIONS[status]
    assert signatures.notification_is_genuine(told(status), NOTIFICATION_SECRET)
    upper = told(status, pv_checksum=NOTIFICATIONS[status].upper())
    assert signatures.notification_is_genuine(upper, NOTIFICATION_SECRET)


def test_the_amount_is_not_covered() -> None:
    """What the scheme lacks: whoever heard a genuine notification can say another amount. So it is never believed."""
    assert signatures.notification_is_genuine(told("approved", amount="1"), NOTIFICATION_SECRET)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "cancelled"},
        {"po_id": ORDER + "4"},
        {"po_id": ORDER + "approve", "status": "d"},
        {"po_id": ORDER[:-1], "status": "3approved"},
        {"pv_checksum": ""},
        {"pv_checksum": NOTIFICATIONS["approved"][:-1] + "é"},
        {"pv_checksum": None},
        {"pv_checksum": 4},
        {"po_id": 2026},
        {"status": ["approved"]},
        {"status": "APPROVED"},
    ],
)
def test_what_was_altered_is_not_genuine(changes: dict[str, Any]) -> None:
    assert not signatures.notification_is_genuine(told("approved") | changes, NOTIFICATION_SECRET)


def test_another_secret_or_none_makes_nothing_genuine() -> None:
    assert not signatures.notification_is_genuine(told("approved"), NOTIFICATION_SECRET + "x")
    unsigned = told("approved", pv_checksum=signatures.notification(ORDER, "approved", ""))
    assert not signatures.notification_is_genuine(unsigned, "")
