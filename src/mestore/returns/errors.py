"""What the returns refuse."""

from dataclasses import dataclass
from datetime import datetime

from mestore.core.errors import Conflict, Invalid, NotFound
from mestore.core.ids import OrderItemId
from mestore.core.wording import day
from mestore.orders.states import PackageStatus
from mestore.returns.states import ReturnStatus


class ReturnNotFound(NotFound):
    """There is no such return."""

    spanish = "No existe esa devolución."


@dataclass(eq=False)
class ItemNotInOrder(Invalid):
    """The order has no such item."""

    spanish = "El pedido no tiene ese producto."
    item_id: OrderItemId


class SeveralPackages(Invalid):
    """These items came in several packages. Ask for one return for each package."""

    spanish = "Estos productos llegaron en varios paquetes. Pide una devolución por cada paquete."


@dataclass(eq=False)
class PackageNotDelivered(Conflict):
    """Only what was delivered can be returned."""

    spanish = "Solo se puede devolver lo que fue entregado."
    package_status: PackageStatus


@dataclass(eq=False)
class ReturnPeriodOver(Conflict):
    """The time to return this package is over: five working days after its delivery."""

    spanish = "El plazo para devolver este paquete terminó: cinco días hábiles después de la entrega."
    returnable_until: datetime

    def detail(self, language: str) -> str:
        last = day(self.returnable_until, language)
        if language == "es":
            return f"Este paquete se podía devolver hasta el {last}."
        return f"This package could be returned until {last}."


@dataclass(eq=False)
class ItemNotReturnable(Conflict):
    """This item can't be returned, as was said before it was bought."""

    spanish = "Este producto no se puede devolver, como se dijo antes de la compra."
    item_id: OrderItemId
    reason: str


@dataclass(eq=False)
class TooManyUnitsToReturn(Conflict):
    """So many units of this item are not left to return."""

    spanish = "De este producto no quedan tantas unidades por devolver."
    item_id: OrderItemId


@dataclass(eq=False)
class IllegalReturnMove(Conflict):
    """The return can't go from its state to that one."""

    spanish = "La devolución no puede pasar de su estado a ese."
    from_status: ReturnStatus
    to_status: ReturnStatus

    def detail(self, language: str) -> str:
        if language == "es":
            return f"Esta devolución no pasa de {self.from_status} a {self.to_status}."
        return f"This return does not go from {self.from_status} to {self.to_status}."


class DamageNotDescribed(Invalid):
    """Say what is wrong with the goods: their buyer reads it."""

    spanish = "Di qué daño tienen los productos: su comprador lo leerá."
