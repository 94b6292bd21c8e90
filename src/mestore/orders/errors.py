"""What the orders refuse."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Forbidden, Invalid, NotFound
from mestore.core.money import Money
from mestore.orders.states import OrderStatus, PackageStatus


class OrderNotFound(NotFound):
    """There is no such order."""

    spanish = "No existe ese pedido."


@dataclass(eq=False)
class IllegalMove(Conflict):
    """The order can't go from its state to that one."""

    spanish = "El pedido no puede pasar de su estado a ese."
    from_status: OrderStatus
    to_status: OrderStatus

    def detail(self, language: str) -> str:
        if language == "es":
            return f"Un pedido no pasa de {self.from_status} a {self.to_status}."
        return f"An order does not go from {self.from_status} to {self.to_status}."


@dataclass(eq=False)
class IllegalPackageMove(Conflict):
    """The package can't go from its state to that one."""

    spanish = "El paquete no puede pasar de su estado a ese."
    from_status: PackageStatus
    to_status: PackageStatus

    def detail(self, language: str) -> str:
        if language == "es":
            return f"Un paquete no pasa de {self.from_status} a {self.to_status}."
        return f"A package does not go from {self.from_status} to {self.to_status}."


class SomethingShipped(Conflict):
    """A package of this order was shipped already. What arrives can be returned."""

    spanish = "Un paquete de este pedido ya fue enviado. Lo que llegue se puede devolver."


@dataclass(eq=False)
class OrderNotPaid(Conflict):
    """The order is not paid, or no longer goes on."""

    spanish = "El pedido no está pagado, o ya no sigue."
    status_of_order: OrderStatus


class NotYourMove(Forbidden):
    """The order may make this move, but not because you ask for it."""

    spanish = "El pedido puede dar este paso, pero no porque tú lo pidas."


class ShipmentNeeded(Invalid):
    """A package is shipped by naming its carrier and guide number: POST them to its shipment."""

    spanish = "Un paquete se envía indicando transportadora y número de guía: publícalos en su envío."


class GuideNumberTaken(Conflict):
    """This carrier's guide number belongs to another package."""

    spanish = "Ese número de guía de esa transportadora es de otro paquete."


class MunicipalityUnknown(Invalid):
    """There is no municipality with this DANE code. `GET /places/municipalities` finds it."""

    spanish = "No hay un municipio con ese código DANE. `GET /places/municipalities` lo encuentra."


class PackageNotFound(NotFound):
    """The order has no such package."""

    spanish = "El pedido no tiene ese paquete."


@dataclass(eq=False)
class TotalChanged(Conflict):
    """It costs something else now. Look at the new total, and agree to it."""

    spanish = "Ahora cuesta otra cosa. Mira el nuevo total y acéptalo."
    total_amount: Money


class TooManyUnits(Invalid):
    """An order takes at most 999 units of one product."""

    spanish = "Un pedido lleva máximo 999 unidades de un producto."
