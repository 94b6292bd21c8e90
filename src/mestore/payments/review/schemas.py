"""Payments as administrators see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.core.boundary import Input, Line, Output
from mestore.core.money import Money
from mestore.orders.states import OrderStatus
from mestore.payments.cases.schemas import CaseOut
from mestore.payments.states import PaymentMethod, PaymentStatus


class AdminPaymentOut(Output):
    id: Annotated[int, Field(examples=[55])]
    order_id: Annotated[int, Field(examples=[123])]
    buyer_id: UUID
    gateway: Annotated[str, Field(examples=["wompi"])]
    method: PaymentMethod
    reference: Annotated[str, Field(examples=["ORD-20261124-7KQ2M9XD-4f2a9c01"])]
    gateway_transaction_id: Annotated[str | None, Field(examples=["12066420-1791226107-72286"])]
    amount: Money
    currency: Annotated[str, Field(examples=["COP"])]
    status: PaymentStatus
    settles_order: Annotated[bool, Field(description="False when the money is real but pays no order")]
    fraud_score: Annotated[int, Field(ge=0, le=100, examples=[65])]
    fraud_reasons: Annotated[list[str], Field(examples=[["very_large_amount", "new_account"]])]
    failure: Annotated[str | None, Field(examples=["Fondos insuficientes"])]
    created_at: datetime


class AdminPaymentEventOut(Output):
    """What the gateway said, when it was asked."""

    at: datetime
    source: Annotated[str, Field(examples=["webhook"])]
    status: PaymentStatus
    amount: Money
    currency: Annotated[str, Field(examples=["COP"])]
    gateway_transaction_id: Annotated[str | None, Field(examples=["12066420-1791226107-72286"])]
    message: Annotated[str | None, Field(examples=["La transacción fue aprobada (Sandbox)"])]


class PaymentViewOut(Output):
    payment: AdminPaymentOut
    order_status: OrderStatus
    events: Annotated[list[AdminPaymentEventOut], Field(description="The oldest first")]
    cases: Annotated[list[CaseOut], Field(description="Of kind FRAUD_REVIEW and open: it waits for a decision")]


class RejectPaymentIn(Input):
    """Why the money is not wanted. The buyer does not read it."""

    reason: Annotated[Line, Field(examples=["La tarjeta es de otra persona, que reclamó."])]
