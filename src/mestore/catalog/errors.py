"""What the catalogue refuses."""

from dataclasses import dataclass
from uuid import UUID

from mestore.core.errors import Conflict, Forbidden, Invalid, NotFound


@dataclass(eq=False)
class ProductNotFound(NotFound):
    """There is no such product."""

    spanish = "No existe ese producto."


@dataclass(eq=False)
class CategoryNotFound(Invalid):
    """There is no such category."""

    spanish = "No existe esa categoría."


class BadPriceRange(Invalid):
    """The lowest price is above the highest."""

    spanish = "El precio mínimo es mayor que el máximo."


@dataclass(eq=False)
class ProductUnavailable(Conflict):
    """This product is not for sale now."""

    spanish = "Este producto no está a la venta ahora."
    product_id: UUID


@dataclass(eq=False)
class OutOfStock(Conflict):
    """There is not enough stock left."""

    spanish = "No hay suficientes unidades disponibles."
    product_id: UUID
    available: int

    def detail(self, language: str) -> str:
        if language == "es":
            return f"Quedan {self.available} unidades de este producto."
        return f"{self.available} units of this product are left."


@dataclass(eq=False)
class SkuTaken(Conflict):
    """You already sell a product with this SKU."""

    spanish = "Ya vendes un producto con este SKU."
    sku: str


class MayNotPublish(Forbidden):
    """Your shop may not publish yet: it must be approved and your e-mail verified."""

    spanish = "Tu tienda aún no puede publicar: debe estar aprobada y tu correo verificado."


@dataclass(eq=False)
class StockReserved(Conflict):
    """Open orders hold more units than that."""

    spanish = "Hay pedidos abiertos que reservan más unidades que esas."
    reserved: int


class TooMuchStock(Conflict):
    """A product has at most 1,000,000 units in stock."""

    spanish = "Un producto tiene como máximo 1.000.000 de unidades en existencia."


@dataclass(eq=False)
class IllegalProductMove(Conflict):
    """A product can't go from its status to that one."""

    spanish = "El producto no puede pasar de su estado a ese."
    from_status: str
    to_status: str

    def detail(self, language: str) -> str:
        if language == "es":
            return f"De {self.from_status} no se pasa a {self.to_status}."
        return f"From {self.from_status} it does not go to {self.to_status}."


class CategorySlugTaken(Conflict):
    """There is a category at this address."""

    spanish = "Ya hay una categoría en esa dirección."


class CategoryInUse(Conflict):
    """The category has products or categories below it: move them first."""

    spanish = "La categoría tiene productos o categorías: muévelos primero."


class CategoryCycle(Conflict):
    """A category can't stand below itself."""

    spanish = "Una categoría no puede estar debajo de sí misma."


class NoSuchCategory(NotFound):
    """There is no category at this address."""

    spanish = "No existe una categoría en esa dirección."
