"""What is refused of a product's pictures."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, NotFound


class ImageNotFound(NotFound):
    """This product has no such picture."""

    spanish = "Este producto no tiene esa imagen."


@dataclass(eq=False)
class TooManyImages(Conflict):
    """This product has as many pictures as one may have."""

    spanish = "Este producto ya tiene el máximo de imágenes."
    most: int
