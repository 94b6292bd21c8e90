"""What every gateway is to us: a few questions, and three ways in which asking can fail.

The ways differ in the one thing that matters, whether money may have moved:

- `NotCharged`: surely not (no connection was made, or what comes before the charge failed); another try is safe.
- `Refused`: surely not, and asking the same again will not help.
- `OutcomeUnknown`: it may have. Ask for the reference later; never charge again meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mestore.core.money import ZERO, Money
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus


class GatewayError(Exception):
    """Says what happened in the gateway's own words, without secrets."""


class NotCharged(GatewayError):
    """The gateway was not reached."""

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds for which it is not to be asked, where it said so."""


class Refused(GatewayError):
    """The gateway will not take this."""


class OutcomeUnknown(GatewayError):
    """The gateway may have done it."""


@dataclass(frozen=True)
class Device:
    """Where a buyer sits: gateways judge fraud by it, and PSE wants the address."""

    ip_address: str
    user_agent: str
    session_id: str
    """Names the buyer's sitting and no secret of it: it leaves the house."""
    device_id: str | None = None
    """What the shop's pages call the device, where they do: `X-Device-Id`."""


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
    iva: Money = ZERO
    """The IVA within `amount`."""
    iva_base: Money = ZERO
    """What that IVA was computed from; nothing where all goods are exempt or excluded."""
    device: Device | None = None
    expires_at: datetime | None = None
    """UTC. What is told of later comes too late for the order."""
    notice: timedelta = timedelta()
    """So long a gateway may take to tell that it was paid, as counters do."""

    @property
    def payable_until(self) -> datetime | None:
        """UTC. Paying later is of no use; a gateway that can, takes no money then."""
        return None if self.expires_at is None else self.expires_at - self.notice


@dataclass(frozen=True)
class Instructions:
    """What a buyer needs who pays in cash, at a counter."""

    code: str
    """What is said at the counter."""
    barcode: str | None
    """GS1 element string, as people read it: `(415)…(8020)…`; None where the contract knows no barcode."""
    expires_at: datetime
    """UTC. Until then the code is taken."""


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
    card: str | None = None
    """Which card it is, where the gateway tells: the same text for the same card, and never its number."""
    instructions: Instructions | None = None
    form: Mapping[str, str] | None = None
    """What the buyer's browser must POST to `payment_url`, where a link is not enough."""
    also: "tuple[Charge, ...]" = ()
    """The other transactions under the same reference, where there are more."""


@dataclass(frozen=True)
class RefundWish:
    """What a gateway must know to send money back. `reference` is ours, one for each refund for ever."""

    reference: str
    transaction_id: str
    """The gateway's name of the transaction that took the money."""
    amount: Money
    paid: Money
    """What that transaction took: all of it goes back when it equals `amount`."""
    reason: str


@dataclass(frozen=True)
class RefundAnswer:
    """What a gateway says about money that it is to send back."""

    status: RefundStatus
    """MADE, PROCESSING, or FAILED: then it was not sent."""
    reference: str | None
    """The gateway's own number of it."""


@dataclass(frozen=True)
class Bank:
    """One that a buyer can choose for PSE. The list changes: it is read from the gateway each day."""

    code: str
    name: str


@dataclass(frozen=True)
class Announcement:
    """A webhook whose signature was right. It only says which transaction to ask about."""

    transaction_id: str
    dedupe_key: str
    verified: bytes
    """The part of the body that the signature covers. The rest says who the buyer is, and is not kept."""


class Gateway(Protocol):
    name: str
    refundable: frozenset[PaymentMethod]
    """What was paid in these ways it can send back; everything else is paid out otherwise."""
    refunds_once: bool
    charges_again: bool
    """Whether it may take money twice under one reference, and tell of both in the same words."""
    """Whether it takes one refund of a transaction, and no second."""
    refunds_after: timedelta
    """For so long after a payment it does not take a refund of it yet."""

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

    async def refund(self, wish: RefundWish) -> RefundAnswer:
        """Send money back, or begin to.

        Raises:
            NotCharged, Refused, OutcomeUnknown: see the module; of money that goes the other way.
        """

    async def find_refund(self, wish: RefundWish) -> RefundAnswer | None:
        """What became of a refund; None when the gateway knows of none.

        Raises:
            OutcomeUnknown: it did not answer.
        """

    def read_webhook(self, raw: bytes) -> Announcement | None:
        """The announcement in a webhook; None for one that does not concern us.

        Raises:
            WrongSignature: it is not from the gateway, or can't be told to be.
        """
