"""What the import and export of products refuse."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Invalid, NotFound, Unavailable


class SheetUnreadable(Invalid):
    """This is neither CSV in UTF-8 nor XLSX, or it is empty."""

    spanish = "Esto no es ni CSV en UTF-8 ni XLSX, o está vacío."


class SheetTooLarge(Invalid):
    """The file unpacks to too much. Divide it."""

    spanish = "El archivo ocupa demasiado al descomprimirlo. Divídelo."


@dataclass(eq=False)
class ImportUnderWay(Conflict):
    """An import of your shop is under way. Wait until it has ended."""

    spanish = "Ya hay una importación de tu tienda en curso. Espera a que termine."
    import_id: str


class ImportNotFound(NotFound):
    """There is no such import."""

    spanish = "No existe esa importación."


class SheetStorageAway(Unavailable):
    """Files can't be kept at the moment. Try again shortly."""

    spanish = "Por el momento no se pueden guardar archivos. Intenta de nuevo en un momento."
