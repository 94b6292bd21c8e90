"""The ways in which a query differs from what the shelf says."""

from enum import StrEnum


class QueryKind(StrEnum):
    EXACT = "EXACT"
    """Words of the name or the brand, spelled as there."""
    ACCENTS = "ACCENTS"
    """The same without accents, and with n for ñ."""
    TYPO = "TYPO"
    """Letters swapped, left out or doubled, and the usual mistakes of spelling: b for v, s for z, no h."""
    PLURAL = "PLURAL"
    """Another number, gender or form of the verb than the name has."""
    SYNONYM = "SYNONYM"
    """The word of another region or country, or another word of the same."""
    NEED = "NEED"
    """What it is wanted for, without its name."""
    ENGLISH = "ENGLISH"
    ATTRIBUTE = "ATTRIBUTE"
    """The kind of thing with its brand, colour, size, material or origin."""
    SKU = "SKU"
    """Whole, in lower case, with other separators, or its first part."""
