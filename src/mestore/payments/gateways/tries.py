"""Several transactions under one reference: a gateway's own page lets a buyer try again, and PayU's even pay again."""

from collections.abc import Sequence
from dataclasses import replace

from mestore.payments.gateways.base import Charge
from mestore.payments.models import Payment
from mestore.payments.states import REFUNDABLE, PaymentStatus

_BEST = (
    PaymentStatus.REFUNDED,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.VOIDED,
    PaymentStatus.APPROVED,
    PaymentStatus.PENDING,
)

_HAS_MONEY = REFUNDABLE | {PaymentStatus.REFUNDED, PaymentStatus.VOIDED}


def counted(charges: Sequence[Charge]) -> Charge | None:
    """The one that tells most, paid, else waiting, else the newest (the last); with the others in its `also`."""
    ranks = {status: rank for rank, status in enumerate(_BEST)}
    best = min(reversed(charges), key=lambda charge: ranks.get(charge.status, len(_BEST)), default=None)
    return None if best is None else replace(best, also=tuple(charge for charge in charges if charge is not best))


def held_against(charge: Charge, payment: Payment) -> tuple[Charge | None, list[Charge]]:
    """What the transaction that counts for the attempt has become (None: this tells of others only), and those beside
    it that took money too. Before money came any may be the one.
    """
    every = (charge, *charge.also)
    ours: Charge | None = charge
    if payment.status in _HAS_MONEY and payment.gateway_transaction_id not in (None, payment.reference):
        ours = next((each for each in every if each.transaction_id == payment.gateway_transaction_id), None)
    return ours, [each for each in every if each is not ours and each.status in REFUNDABLE]
