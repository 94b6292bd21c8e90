"""What a search, or who edits its words, is refused."""

from dataclasses import dataclass

from mestore.core.errors import Conflict, Invalid, NotFound


class SynonymNotFound(NotFound):
    """There is no such group of words."""

    spanish = "No existe ese grupo de palabras."


class WordInOtherGroup(Conflict):
    """A word of these stands in another group."""

    spanish = "Una de estas palabras ya está en otro grupo."


@dataclass(eq=False)
class WordSaysNothing(Invalid):
    """A word of these is one that every text has, and no search asks for."""

    spanish = "Una de estas palabras no dice nada por sí sola y la búsqueda no la tiene en cuenta."
    word: str


class SearchRefused(Invalid):
    """The search has no word to look for."""

    spanish = "La búsqueda no tiene ninguna palabra que buscar."
