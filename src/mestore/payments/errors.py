"""What the payments refuse."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Unauthenticated, Unavailable
from mestore.core.ids import PaymentId
from mestore.orders.states import OrderStatus


@dataclass(eq=False)
class OrderNotPayable(Conflict):
    """This order can no longer be paid."""

    spanish = "Este pedido ya no se puede pagar."
    order_status: OrderStatus


@dataclass(eq=False)
class PaymentInProgress(Conflict):
    """A payment of this order is under way. Wait for its result before trying another."""

    spanish = "Hay un pago de este pedido en curso. Espera su resultado antes de intentar otro."
    payment_id: PaymentId


@dataclass(eq=False)
class GatewayAway(Unavailable):
    """The payment gateway does not answer. Nothing was charged. Try again in a moment."""

    spanish = "La pasarela de pagos no responde. No se cobró nada. Intenta de nuevo en un momento."


class WrongSignature(Unauthenticated):
    """The signature is not right."""

    spanish = "La firma no es correcta."
