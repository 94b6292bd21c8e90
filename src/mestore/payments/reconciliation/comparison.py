"""How one attempt of ours and what its gateway says of it are held against each other, to the centavo."""

from dataclasses import dataclass

from mestore.core.money import Money
from mestore.payments.gateways.base import Charge
from mestore.payments.models import Payment
from mestore.payments.reconciliation.models import DifferenceKind
from mestore.payments.states import OPEN, PaymentStatus

PAID = frozenset({PaymentStatus.APPROVED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})
_CAME_TO_NOTHING = frozenset({PaymentStatus.DECLINED, PaymentStatus.ERROR, PaymentStatus.EXPIRED})
_GAVE_BACK = frozenset({PaymentStatus.REFUNDED, PaymentStatus.VOIDED})


@dataclass(frozen=True)
class Differing:
    kind: DifferenceKind
    ours: str | None
    theirs: str | None
    reason: str


def compare(payment: Payment, charge: Charge) -> Differing | None:
    """Where they differ: in the amount, else in the status; None when they agree."""
    ours, theirs = _amount(payment.amount, payment.currency), _amount(charge.amount, charge.currency)
    if ours != theirs:
        return Differing(DifferenceKind.AMOUNT, ours, theirs, "the gateway has another amount")
    if agree(payment.status, charge.status):
        return None
    return Differing(
        DifferenceKind.STATUS, payment.status, charge.status, "the gateway says something else of what became of it"
    )


def agree(ours: PaymentStatus, theirs: PaymentStatus) -> bool:
    """Whether both mean the same for the money. Of what we sent back by hand no gateway knows: it was paid to it."""
    if ours is theirs or (ours in OPEN and theirs in OPEN):
        return True
    if ours in _CAME_TO_NOTHING:
        return theirs in _CAME_TO_NOTHING or theirs is PaymentStatus.VOIDED
    if ours in _GAVE_BACK and theirs in _GAVE_BACK:
        return True
    return theirs is PaymentStatus.APPROVED and ours in PAID


def missing_there(payment: Payment) -> Differing:
    return Differing(
        DifferenceKind.MISSING_THERE,
        f"{payment.status} {_amount(payment.amount, payment.currency)}",
        None,
        "the gateway had told us of it, and does not know it any more",
    )


def missing_here(charge: Charge, reason: str) -> Differing:
    theirs = f"{charge.status} {_amount(charge.amount, charge.currency)}"
    return Differing(DifferenceKind.MISSING_HERE, None, theirs, reason)


def was_told_of(payment: Payment) -> bool:
    """Whether its gateway ever said something of it: our own reference stands for what a buyer has not begun yet."""
    return payment.status in PAID or payment.gateway_transaction_id not in (None, payment.reference)


def _amount(amount: Money, currency: str) -> str:
    return f"{amount} {currency[:10]}"
