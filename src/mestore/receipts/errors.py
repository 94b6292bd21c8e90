"""What the receipts and slips refuse."""

from dataclasses import dataclass
from datetime import datetime

from mestore.core.errors import Conflict, Unavailable
from mestore.payments.states import PaymentStatus


class NoReceipt(Conflict):
    """There is no receipt: this order was not paid."""

    spanish = "No hay comprobante: este pedido no se pagó."


class NoSlip(Conflict):
    """There is no slip: this payment is not made at a counter, or its code is not known yet."""

    spanish = "No hay recibo de pago: este pago no se hace en un punto físico, o aún no se conoce su código."


@dataclass(eq=False)
class SlipNotPending(Conflict):
    """This slip is no longer to be paid: its payment does not wait for the buyer any more."""

    spanish = "Este recibo ya no se paga: su pago ya no espera al comprador."
    payment_status: PaymentStatus


@dataclass(eq=False)
class SlipExpired(Conflict):
    """This slip can no longer be paid: its time is over."""

    spanish = "Este recibo ya no se puede pagar: se venció."
    expires_at: datetime


class PrinterBusy(Unavailable):
    """Too many receipts and slips are being made. Try again shortly."""

    spanish = "Se están haciendo demasiados comprobantes y recibos. Intenta de nuevo en un momento."
