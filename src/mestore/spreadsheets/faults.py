"""Why a whole file can't be imported. Its name is kept with the import, and told in the reader's language."""

from enum import StrEnum


class SheetFault(StrEnum):
    """The values never change: clients know them."""

    BROKEN = "broken"
    NOT_UTF8 = "not_utf8"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    NO_SKU_COLUMN = "no_sku_column"
    UNKNOWN_COLUMN = "unknown_column"
    COLUMN_TWICE = "column_twice"
    FILE_GONE = "file_gone"
    MAY_NOT_PUBLISH = "may_not_publish"
    GIVEN_UP = "given_up"


class FaultySheet(ValueError):
    """A file that can't be read as a whole; where one column is at fault, the number of it (from 1)."""

    def __init__(self, fault: SheetFault, column: int | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.column = column


_TITLES = {
    SheetFault.BROKEN: ("The file is damaged.", "El archivo está dañado."),
    SheetFault.NOT_UTF8: (
        "The text is not UTF-8: save it as “CSV UTF-8”.",
        "El texto no está en UTF-8: guárdalo como «CSV UTF-8».",
    ),
    SheetFault.EMPTY: ("The file has no rows below its header.", "El archivo no tiene filas debajo del encabezado."),
    SheetFault.TOO_LARGE: ("The file unpacks to too much.", "El archivo ocupa demasiado al descomprimirlo."),
    SheetFault.TOO_MANY_ROWS: (
        "The file has too many rows: divide it.",
        "El archivo tiene demasiadas filas: divídelo.",
    ),
    SheetFault.NO_SKU_COLUMN: ("The header has no column “sku”.", "El encabezado no tiene la columna «sku»."),
    SheetFault.UNKNOWN_COLUMN: (
        "The header has a column that products don't have.",
        "El encabezado tiene una columna que los productos no tienen.",
    ),
    SheetFault.COLUMN_TWICE: ("The header has a column twice.", "El encabezado tiene una columna repetida."),
    SheetFault.FILE_GONE: ("The file is gone: send it again.", "El archivo ya no está: envíalo de nuevo."),
    SheetFault.MAY_NOT_PUBLISH: (
        "Your shop may not publish any more.",
        "Tu tienda ya no puede publicar.",
    ),
    SheetFault.GIVEN_UP: (
        "The import did not come to an end: send the rest again.",
        "La importación no terminó: envía el resto de nuevo.",
    ),
}


def title_of(fault: SheetFault, language: str) -> str:
    english, spanish = _TITLES[fault]
    return spanish if language == "es" else english
