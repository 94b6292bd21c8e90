"""The states of a payment attempt. A final answer is undone only by money going back, never by a later message."""

from datetime import timedelta
from enum import StrEnum


class PaymentStatus(StrEnum):
    """`PROCESSING`: the gateway was asked, or nearly; its answer is not known. `PENDING`: it waits for the buyer."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    ERROR = "ERROR"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.PROCESSING})
"""An order has at most one attempt in these."""

_ANSWERS = frozenset({PaymentStatus.APPROVED, PaymentStatus.DECLINED, PaymentStatus.ERROR, PaymentStatus.VOIDED})

NEXT: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.PROCESSING: frozenset({PaymentStatus.PENDING, PaymentStatus.EXPIRED}) | _ANSWERS,
    PaymentStatus.PENDING: frozenset({PaymentStatus.EXPIRED}) | _ANSWERS,
    # A reference that a gateway did not know, or whose time was over, can still turn out to have been paid.
    PaymentStatus.ERROR: frozenset({PaymentStatus.APPROVED}),
    PaymentStatus.EXPIRED: frozenset({PaymentStatus.APPROVED}),
    PaymentStatus.DECLINED: frozenset({PaymentStatus.APPROVED}),
    PaymentStatus.APPROVED: frozenset({PaymentStatus.VOIDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}),
    PaymentStatus.PARTIALLY_REFUNDED: frozenset({PaymentStatus.VOIDED, PaymentStatus.REFUNDED}),
    PaymentStatus.VOIDED: frozenset(),
    PaymentStatus.REFUNDED: frozenset(),
}


REFUNDABLE = frozenset({PaymentStatus.APPROVED, PaymentStatus.PARTIALLY_REFUNDED})
"""Something of what was paid is still with us."""


ASK_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 60, 180, 360, 720, 1560))
"""How long to wait before each next question about an attempt or a refund without a final answer: 30 s … 26 h."""


class RefundStatus(StrEnum):
    """`REQUESTED`: its gateway is to be asked. `PROCESSING`: it was, and its answer is not known. `MANUAL`: a person
    sends the money, because its gateway can't. `FAILED`: the gateway did not send it; it is owed all the same.
    """

    REQUESTED = "REQUESTED"
    PROCESSING = "PROCESSING"
    MADE = "MADE"
    FAILED = "FAILED"
    MANUAL = "MANUAL"


TO_BE_PAID_OUT = frozenset({RefundStatus.REQUESTED, RefundStatus.FAILED, RefundStatus.MANUAL})
"""Surely not on its way: a person may send the money."""


class PaymentMethod(StrEnum):
    CARD = "CARD"
    PSE = "PSE"
    NEQUI = "NEQUI"
    BANCOLOMBIA = "BANCOLOMBIA"
    EFECTY = "EFECTY"
    """Cash, at a counter."""
