"""What analytics refuse."""

from mestore.core.errors import Invalid


class BadPeriod(Invalid):
    """The period ends before it begins, or is longer than a year."""

    spanish = "El período termina antes de empezar, o es más largo que un año."
