"""What a cart refuses."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, NotFound


class CartItemNotFound(NotFound):
    """The cart has no such line."""

    spanish = "El carrito no tiene esa línea."


class CartEmpty(Conflict):
    """There is nothing in the cart."""

    spanish = "El carrito está vacío."


@dataclass(eq=False)
class CartFull(Conflict):
    """The cart has as many different products as it can hold."""

    spanish = "El carrito ya tiene tantos productos distintos como caben."
    most: int


@dataclass(eq=False)
class CartItemsUnavailable(Conflict):
    """Some lines can't be had as they stand. Change or remove them first."""

    spanish = "Algunas líneas no se pueden comprar como están. Cámbialas o quítalas primero."
    item_ids: list[int]
