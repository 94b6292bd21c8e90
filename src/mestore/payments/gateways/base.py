"""What every gateway is to us: four questions, and three ways in which asking can fail.

The ways differ in the one thing that matters, whether money may have moved:

- `NotCharged`: surely not (no connection was made, or what comes before the charge failed); another try is safe.
- `Refused`: surely not, and asking the same again will not help.
- `OutcomeUnknown`: it may have. Ask for the reference later; never charge again meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mestore.core.money import Money
from mestore.payments.states import PaymentMethod, PaymentStatus


class GatewayError(Exception):
    """Says what happened in the gateway's own words, without secrets."""


class NotCharged(GatewayError):
    """The gateway was not reached."""


class Refused(GatewayError):
    """The gateway will not take this."""


class OutcomeUnknown(GatewayError):
    """The gateway may have done it."""


@dataclass(frozen=True)
class Attempt:
    """What a gateway must know to charge. `reference` is ours, unique for ever."""

    reference: str
    amount: Money
    method: PaymentMethod
    description: str
    customer_email: str
    customer_name: str
    customer_phone: str
    return_url: str
    details: Mapping[str, str | int]
    """What the method needs: a bank and document, a token, a phone."""


@dataclass(frozen=True)
class Charge:
    """What a gateway says about one transaction of ours."""

    reference: str
    transaction_id: str
    status: PaymentStatus
    amount: Money
    currency: str
    payment_url: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Announcement:
    """A webhook whose signature was right. It only says which transaction to ask about."""

    transaction_id: str
    dedupe_key: str
    verified: bytes
    """The part of the body that the signature covers. The rest says who the buyer is, and is not kept."""


class Gateway(Protocol):
    name: str

    async def start(self, attempt: Attempt) -> Charge:
        """Charge, or begin to.

        Raises:
            NotCharged, Refused, OutcomeUnknown: see the module.
        """

    async def find(self, reference: str) -> Charge | None:
        """What became of our reference; None when the gateway never saw it.

        Raises:
            OutcomeUnknown: it did not answer.
        """

    async def find_transaction(self, transaction_id: str) -> Charge | None:
        """The same by the gateway's own id."""

    def read_webhook(self, raw: bytes) -> Announcement | None:
        """The announcement in a webhook; None for one that does not concern us.

        Raises:
            WrongSignature: it is not from the gateway, or can't be told to be.
        """
