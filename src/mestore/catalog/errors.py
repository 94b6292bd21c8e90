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
