"""The rules of the market, and its partners: every number of orders, shipping, payments and what they cost."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from mestore.core.sections import Section, development_secret


class VendorSettings(Section):
    auto_approve: bool = True


class Moderation(StrEnum):
    AUTO = "auto"
    """What an approved shop submits is for sale at once, unless a rule flags it."""
    MANUAL = "manual"
    """An administrator looks at everything first."""


class CatalogSettings(Section):
    moderation: Moderation = Moderation.AUTO
    forbidden_words: list[str] = ["réplica", "imitación de marca", "pirata", "arma de fuego", "munición"]
    """What has one of them in its name or text waits for an administrator; accents and capitals do not count."""
    far_off_price: int = Field(20, ge=2)
    """A price above so many times the median of its category, or below that part of it, waits for an administrator."""
    typical_price_from: int = Field(20, ge=1)
    """From so many approved products upwards the median of a category says something."""
    low_stock: int = 5
    """From so many units downwards a vendor is told that stock is low."""


class OrderSettings(Section):
    shipping_cost: Decimal = Decimal(15_000)
    free_shipping_from: Decimal = Decimal(200_000)
    hold_minutes: int = 60
    """An order without any payment attempt keeps its stock this long."""
    card_hold_minutes: int = 30
    pse_hold_minutes: int = 60
    cash_notice_minutes: int = Field(60, ge=1)
    """So long after a slip's end its order is kept: counters tell of what they took about 15 minutes later."""
    delivered_after_days: int = 15
    """A package that was shipped this long ago counts as delivered, unless its carrier said something else."""
    return_working_days: int = 5
    """Retracto: Ley 1480 de 2011, art. 47."""
    refund_days: int = 15
    """Money goes back to the buyer within these calendar days after retracto, or after a cancellation."""
    tracking_url: str = "http://127.0.0.1:3000/seguimiento"
    """The page on which letters let buyers follow an order; its number follows after a slash."""


class CartSettings(Section):
    guest_days: int = Field(30, ge=1)
    """A guest's cart is kept so long after its last change."""


class ShippingSettings(Section):
    """What is told of a delivery where neither the shop nor the marketplace has said anything of the place."""

    min_days: int = Field(2, ge=0, le=20)
    """Working days."""
    max_days: int = Field(8, ge=1, le=20)

    @model_validator(mode="after")
    def _days_are_in_order(self) -> Self:
        if self.max_days < self.min_days:
            raise ValueError("MESTORE_SHIPPING_MAX_DAYS is less than MESTORE_SHIPPING_MIN_DAYS")
        return self


FraudStep = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=0, le=100)]]
"""From so many (or so much) upwards it costs so many points."""


def _rises(steps: tuple[FraudStep, FraudStep]) -> tuple[FraudStep, FraudStep]:
    (low, few_points), (high, many_points) = steps
    if low >= high or few_points > many_points:
        raise ValueError("the second step starts above the first and costs no fewer points")
    return steps


FraudSteps = Annotated[tuple[FraudStep, FraudStep], AfterValidator(_rises)]


class FraudSettings(Section):
    """How suspicious facts are: two steps each, of which the higher that is reached counts.

    Attempts and declines are counted over an hour, cards and buyers over a day.
    """

    secret: SecretStr = development_secret("fraud")
    """With it traces of payers are kept, from which nobody reads who they were; another one forgets the block list."""
    decline_from: int = 80
    """Of 100: no gateway is asked then."""
    review_from: int = 60
    """It is paid, and the order waits for an administrator."""
    amount: FraudSteps = ((3_000_000, 15), (10_000_000, 40))
    """COP."""
    times_own_largest: FraudSteps = ((10, 15), (30, 30))
    """So many times the largest amount that the buyer paid before."""
    new_hours: int = Field(24, ge=1)
    """An account younger than this is new."""
    new_account: int = Field(10, ge=0, le=100)
    email_not_verified: int = Field(15, ge=0, le=100)
    phone_not_verified: int = Field(5, ge=0, le=100)
    attempts: FraudSteps = ((5, 20), (10, 40))
    declines: FraudSteps = ((3, 25), (5, 45))
    device_attempts: FraudSteps = ((6, 20), (12, 40))
    device_declines: FraudSteps = ((4, 25), (8, 50))
    address_attempts: FraudSteps = ((20, 10), (60, 35))
    """Whole neighbourhoods share one address of a mobile network, so that addresses say less."""
    address_declines: FraudSteps = ((10, 25), (25, 50))
    cards_of_buyer: FraudSteps = ((3, 25), (5, 60))
    buyers_of_card: FraudSteps = ((3, 30), (5, 65))
    name_differs: int = Field(15, ge=0, le=100)
    document_differs: int = Field(25, ge=0, le=100)
    blocked: int = Field(100, ge=0, le=100)


class WompiSettings(Section):
    base_url: str = "http://127.0.0.1:8090/wompi/v1"
    checkout_url: str = "http://127.0.0.1:8090/wompi/p/"
    """Wompi's own page, where a card is typed: in production `https://checkout.wompi.co/p/`."""
    public_key: str = "pub_test_mestore"
    private_key: SecretStr = SecretStr("prv_test_mestore")
    integrity_secret: SecretStr = SecretStr("test_integrity_mestore")
    events_secret: SecretStr = SecretStr("test_events_mestore")
    environment: str = "test"
    """What an event must say in `environment`: `test`, or `prod` in production (fault F46)."""
    connect_timeout_seconds: float = 1.0
    timeout_seconds: float = 8.0
    payment_url_wait_seconds: float = 6.0
    """How long `process` polls for the bank's address, which PSE gives only after a moment."""


class PaymentSettings(Section):
    return_url: str = "http://127.0.0.1:8090/return"
    """Where a buyer lands after the bank when the request names no `return_url`."""
    sweep_after_seconds: int = 30
    not_found_grace_seconds: int = 120
    """How long a gateway may not know a reference before the attempt counts as never made."""
    breaker_failures: int = Field(5, ge=1)
    """After so many failures in a row a gateway is not asked to charge."""
    breaker_seconds: float = Field(30.0, gt=0)
    """For so long; then one attempt finds out."""
    intent_minutes: int = Field(30, ge=1)
    """How long an intent may be confirmed."""
    open_slips: int = Field(3, ge=1)
    """Slips for a counter that one buyer may have open."""
    slip_url: str = "http://127.0.0.1:3000/pagos"
    """The page on which letters let buyers get a slip; its payment's number follows after a slash."""
    max_collection_file_bytes: int = Field(1_000_000, ge=1, le=8_000_000)
    """Of a network's file of collections: some 6,000 of them."""


class ComplaintSettings(Section):
    answer_days: int = Field(15, ge=1)
    """Working days until a complaint is answered: Ley 1755 of 2015, article 14."""
    most_messages: int = Field(200, ge=1)
    """Of its person and its vendor; the marketplace's answer is always taken."""
    most_evidence: int = Field(5, ge=1, le=5)
    """Pictures to one complaint."""


CarrierName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]


CARRIER_OF_DEVELOPMENT = {"servientrega": development_secret("carrier")}


class CarrierSettings(Section):
    """Who may tell what becomes of packages."""

    secrets: dict[CarrierName, SecretStr] | None = None
    """With which each carrier signs, by its name in the address. A carrier without one is not believed.

    Unset, there is one for `servientrega` in development, and none in production.
    """


class CommissionSettings(Section):
    rate: Decimal = Decimal("0.05")
