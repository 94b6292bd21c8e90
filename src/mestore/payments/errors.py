"""What the payments refuse."""

from dataclasses import dataclass
from datetime import datetime

from mestore.core.errors import Conflict, Invalid, NotFound, Unauthenticated, Unavailable
from mestore.core.ids import PaymentId
from mestore.core.money import Money
from mestore.orders.states import OrderStatus
from mestore.payments.states import PaymentStatus, RefundStatus


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


class RefundNotFound(NotFound):
    """There is no such refund."""

    spanish = "No existe ese reembolso."


@dataclass(eq=False)
class RefundNotOpen(Conflict):
    """This refund was sent already under another number, or is being sent by its gateway."""

    spanish = "Este reembolso ya se envió con otro número, o lo está enviando su pasarela."
    refund_status: RefundStatus


@dataclass(eq=False)
class PaymentNotRefundable(Conflict):
    """There is nothing of this payment to send back: it was not paid, or it went back otherwise."""

    spanish = "De este pago no hay nada que devolver: no se pagó, o ya se devolvió de otra manera."
    payment_status: PaymentStatus


class PaymentUnderReview(Conflict):
    """An administrator still has to approve or to reject this payment."""

    spanish = "Este pago está en revisión: primero hay que aprobarlo o rechazarlo."


class RefundBeyondPayment(Conflict):
    """Together with the other refunds of its payment this is more than was paid."""

    spanish = "Junto con los otros reembolsos de su pago, esto es más de lo que se pagó."


@dataclass(eq=False)
class TooManySlips(Conflict):
    """The buyer has as many slips for a counter open as one may have. Pay one of them, or wait until it expires."""

    spanish = "Ya tienes el máximo de recibos de pago abiertos. Paga uno de ellos, o espera a que venza."
    open_slips: int


class IntentNotFound(NotFound):
    """There is no such intent."""

    spanish = "No existe esa intención de pago."


class IntentExpired(Conflict):
    """This intent is no longer good. Make another."""

    spanish = "Esta intención de pago ya venció. Crea otra."


@dataclass(eq=False)
class IntentConfirmed(Conflict):
    """This intent was confirmed already: its payment is on record."""

    spanish = "Esta intención de pago ya se confirmó: su pago ya está registrado."
    payment_id: PaymentId | None


class PaymentNotFound(NotFound):
    """There is no such payment."""

    spanish = "No existe ese pago."


class CodeNotFound(NotFound):
    """There is no such code."""

    spanish = "No existe ese código."


@dataclass(eq=False)
class CodeNotPaid(Conflict):
    """The gateway says that this code was not paid. `payment_status` is what it says instead."""

    spanish = "La pasarela dice que ese código no se pagó. `payment_status` es lo que dice en cambio."
    payment_status: PaymentStatus | None


@dataclass(eq=False)
class CollectedOtherwise(Conflict):
    """The gateway says that another amount was paid. Nothing was changed."""

    spanish = "La pasarela dice que se pagó otro valor. No se cambió nada."
    collected_amount: Money


class GatewaySilent(Unavailable):
    """The gateway can't be asked at the moment. Nothing was changed. Try again shortly."""

    spanish = "No se puede consultar a la pasarela en este momento. No se cambió nada. Intenta de nuevo pronto."


class CollectedInFuture(Invalid):
    """`paid_at` has not come yet."""

    spanish = "`paid_at` aún no ha llegado."


@dataclass(eq=False)
class CollectionFileRefused(Invalid):
    """The file contradicts itself or is not of this format. Nothing of it was used."""

    spanish = "El archivo se contradice o no tiene este formato. No se usó nada de él."
    line: int
    """Counted from 1; 0 is the file as a whole."""
    reason: str


class DifferenceNotFound(NotFound):
    """There is no such difference."""

    spanish = "No existe esa diferencia."


@dataclass(eq=False)
class DifferenceClosed(Conflict):
    """This difference was closed already."""

    spanish = "Esta diferencia ya se cerró."
    closed_at: datetime | None


@dataclass(eq=False)
class PaymentNotUnderReview(Conflict):
    """This payment waits for no review, or it was decided otherwise."""

    spanish = "Este pago no espera ninguna revisión, o ya se decidió otra cosa."
    payment_status: PaymentStatus


@dataclass(eq=False)
class OrderNotConfirmable(Conflict):
    """The order can't be confirmed any more: it was cancelled, or its stock is gone. Reject the payment instead."""

    spanish = "El pedido ya no se puede confirmar: se canceló, o ya no hay existencias. Rechaza el pago."
    order_status: OrderStatus


class CaseNotFound(NotFound):
    """There is no such case."""

    spanish = "No existe ese caso."


@dataclass(eq=False)
class CaseClosed(Conflict):
    """This case was closed already, with another resolution."""

    spanish = "Este caso ya se cerró, con otra resolución."
    resolution: str


@dataclass(eq=False)
class CaseIsAReview(Conflict):
    """This case ends when its payment is approved or rejected."""

    spanish = "Este caso termina cuando su pago se aprueba o se rechaza."
    payment_id: PaymentId | None


class BlockNotFound(NotFound):
    """There is no such block."""

    spanish = "No existe ese bloqueo."


@dataclass(eq=False)
class AlreadyBlocked(Conflict):
    """This stands on the block list already."""

    spanish = "Esto ya está en la lista de bloqueo."
    block_id: int | None


class NothingToBlock(Invalid):
    """This payment tells nothing of the kind, so there is nothing to block."""

    spanish = "De este pago no se conoce eso: no hay nada que bloquear."


class NothingToPayOut(Conflict):
    """No money of this order waits for an account: it went back already, or goes back the way it came."""

    spanish = "Ningún dinero de este pedido espera una cuenta: ya se devolvió, o vuelve por donde llegó."


@dataclass(eq=False)
class ItemNotOfPayment(Invalid):
    """What is to be paid back is not all of one package that this payment paid for."""

    spanish = "Lo que se quiere reembolsar no es todo de un mismo paquete de este pago."
    item_id: int | None


class PackageNeeded(Invalid):
    """This payment paid for several packages. Say whose part goes back, by its package or its items."""

    spanish = "Este pago es de varios paquetes. Indica de cuál se devuelve, por su paquete o por sus artículos."


@dataclass(eq=False)
class UnitsPaidBack(Conflict):
    """So many units of this item are not left: they were paid back already, or are being returned."""

    spanish = "De este artículo no quedan tantas unidades: ya se reembolsaron, o se están devolviendo."
    item_id: int


class NothingWasPaid(Conflict):
    """Nothing was paid for these units."""

    spanish = "Por estas unidades no se pagó nada."
