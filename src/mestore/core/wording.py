"""Money and moments as people in Colombia write them, in letters and on paper."""

from datetime import datetime
from decimal import Decimal

from mestore.core.clock import COLOMBIA

_MONTHS = {
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_HALVES = {"es": ("a. m.", "p. m."), "en": ("a.m.", "p.m.")}
_BETWEEN = {"es": " de ", "en": " "}


def pesos(amount: Decimal | str) -> str:
    """`$ 250.000`, as Colombians write it."""
    return f"$ {int(Decimal(amount)):,}".replace(",", ".")


def clock(moment: datetime | str, language: str) -> str:
    """The hour in Colombia, `3:04 p. m.`"""
    local = _local(moment)
    return f"{local.hour % 12 or 12}:{local.minute:02} {_HALVES[language][local.hour // 12]}"


def day(moment: datetime | str, language: str) -> str:
    """The date in Colombia, `24 de noviembre de 2026`."""
    local = _local(moment)
    return _BETWEEN[language].join([str(local.day), _MONTHS[language][local.month - 1], str(local.year)])


def on_paper(moment: datetime) -> str:
    """Day and hour, `24 de noviembre de 2026, 3:04 p. m. (hora de Colombia)`: papers are in Spanish."""
    return f"{day(moment, 'es')}, {clock(moment, 'es')} (hora de Colombia)"


def _local(moment: datetime | str) -> datetime:
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(COLOMBIA)
