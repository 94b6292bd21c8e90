"""What is refused of tracking."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from mestore.orders.states import PackageStatus


class WrongCarrierSignature(Unauthenticated):
    """This can't be told to be the carrier's."""

    spanish = "No se puede saber si esto es de la transportadora."


@dataclass(eq=False)
class NotShipped(Conflict):
    """The package was not shipped: there is nothing to tell of its way."""

    spanish = "El paquete no fue enviado: no hay nada que contar de su camino."
    status_of_package: PackageStatus


class NotTheVendorsToTell(Forbidden):
    """That a package arrived, or came back, moves money: its carrier, its buyer or an administrator tells it."""

    spanish = "Que un paquete llegó o volvió mueve dinero: lo dicen su transportadora, quien compra o administración."


class MomentInTheFuture(Invalid):
    """This has not happened yet: `at` lies in the future."""

    spanish = "Eso no ha pasado todavía: `at` está en el futuro."


class MomentBeforeShipment(Invalid):
    """The package was not on its way then: `at` lies before its shipment."""

    spanish = "El paquete aún no iba en camino: `at` es anterior a su envío."


class OrderNumberUnknown(NotFound):
    """There is no order with this number. It looks like ORD-20261124-7KQ2M9XD: see the letter about the order."""

    spanish = "No hay un pedido con ese número. Es como ORD-20261124-7KQ2M9XD: míralo en el correo del pedido."
