"""What the orders refuse."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Invalid, NotFound
from mestore.orders.states import OrderStatus


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


class TooManyUnits(Invalid):
    """An order takes at most 999 units of one product."""

    spanish = "Un pedido lleva máximo 999 unidades de un producto."
