"""Payments: what a buyer sends for each method, and what it sees of an attempt."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mestore.core.boundary import Input, Output, RowNumber
from mestore.core.money import Money
from mestore.orders.states import OrderStatus
from mestore.payments.states import PaymentMethod, PaymentStatus

ReturnUrl = Annotated[
    str,
    StringConstraints(max_length=500, pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[\x21-\x7e]+$"),
    Field(description="Where the buyer comes back to", examples=["https://shop.example/pago"]),
]
DocumentType = Annotated[Literal["CC", "CE", "NIT", "TI", "PP"], Field(examples=["CC"])]
DocumentNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{4,20}$"), Field(examples=["1020304050"])]


class PseData(Input):
    bank_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$"), Field(examples=["1022"])]
    user_type: Annotated[Literal["PERSON", "COMPANY"], Field(examples=["PERSON"])]
    document_type: DocumentType
    document_number: DocumentNumber


class CardData(Input):
    """A token made by the gateway in the buyer's browser; without one the card is typed on the gateway's own page.

    A card's number never comes here.
    """

    token: Annotated[
        str | None,
        StringConstraints(pattern=r"^tok_(test|prod)_[A-Za-z0-9_-]{1,100}$"),
        Field(examples=["tok_test_4021_9A77f0e5c1"]),
    ] = None
    installments: Annotated[int, Field(ge=1, le=36)] = 1


class NequiData(Input):
    """The wallet's number, which is its holder's mobile."""

    phone: Annotated[str, StringConstraints(pattern=r"^(\+57)?3[0-9]{9}$"), Field(examples=["3001234567"])]


class NoData(Input):
    pass


class CashData(Input):
    """Who will pay at the counter, where it is known: an agent may ask for the document."""

    document_type: DocumentType | None = None
    document_number: DocumentNumber | None = None

    @model_validator(mode="after")
    def _document_is_whole(self) -> Self:
        if (self.document_type is None) is not (self.document_number is None):
            raise ValueError("document_type and document_number go together")
        return self


class _Wanted(Input):
    order_id: Annotated[RowNumber, Field(examples=[123])]
    return_url: ReturnUrl | None = None


class PayByPse(_Wanted):
    payment_method: Literal["PSE"]
    payment_data: PseData


class PayByCard(_Wanted):
    payment_method: Literal["CARD"]
    payment_data: CardData = CardData()


class PayByNequi(_Wanted):
    payment_method: Literal["NEQUI"]
    payment_data: NequiData


class PayByBancolombia(_Wanted):
    payment_method: Literal["BANCOLOMBIA"]
    payment_data: NoData = NoData()


class PayByEfecty(_Wanted):
    payment_method: Literal["EFECTY"] = "EFECTY"
    payment_data: CashData = CashData()


ProcessIn = Annotated[
    PayByPse | PayByCard | PayByNequi | PayByBancolombia | PayByEfecty, Field(discriminator="payment_method")
]
PayuIn = Annotated[PayByPse | PayByCard | PayByEfecty, Field(discriminator="payment_method")]


class InstructionsOut(Output):
    """How to pay in cash."""

    code: Annotated[str, Field(description="What is said at the counter", examples=["3260000345"])]
    barcode: Annotated[str | None, Field(examples=["(415)7709998001237(8020)3260000345(3900)0000084999(96)20261127"])]
    amount: Money
    expires_at: datetime
    slip_url: Annotated[str, Field(examples=["/api/v1/payments/55/slip"])]
    steps: list[str]


class AttemptOut(Output):
    """`status` PROCESSING: the gateway's answer is not known yet; ask `status/order/{id}` and do not pay again."""

    payment_id: Annotated[int, Field(validation_alias="id", examples=[55])]
    transaction_id: Annotated[
        str | None, Field(validation_alias="gateway_transaction_id", examples=["12066420-1791226107-72286"])
    ]
    gateway: Annotated[str, Field(examples=["wompi"])]
    status: PaymentStatus
    payment_url: Annotated[
        str | None, Field(description="Send the buyer here", examples=["https://bank.example/pse?ticket_id=4f2a"])
    ]
    fraud_score: Annotated[int, Field(ge=0, le=100, examples=[12])]
    expires_at: datetime
    instructions: Annotated[InstructionsOut | None, Field(examples=[None])] = None
    form: Annotated[
        dict[str, str] | None,
        Field(description="Where it is there, the buyer's browser must POST it to `payment_url`", examples=[None]),
    ] = None


class PaymentOut(Output):
    id: int
    gateway: Annotated[str, Field(examples=["wompi"])]
    method: PaymentMethod
    status: PaymentStatus
    amount: Money
    created_at: datetime


class OrderPayments(Output):
    order_id: int
    order_status: OrderStatus
    payments: list[PaymentOut]


class EventOut(Output):
    """What the gateway said."""

    at: datetime
    source: Annotated[
        str,
        Field(
            description="How we learned of it: `start`, `webhook`, `sweep`, `collection`, `code` or `reconciliation`",
            examples=["webhook"],
        ),
    ]
    status: PaymentStatus
    amount: Money
    currency: Annotated[str, Field(examples=["COP"])]
    message: Annotated[str | None, Field(examples=[None])]


class PaymentEvents(Output):
    payment_id: Annotated[int, Field(examples=[55])]
    events: list[EventOut]


class WebhookReceived(Output):
    received: Literal[True] = True
