"""Letters: one template for each kind and language, rendered twice, as text and as HTML.

A template says what the parts of a letter are (`letter.p`, `letter.code`, `letter.items`); `parts.txt` and `parts.html`
say how they look. HTML escapes whatever comes from people, the subject is held to one line.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mestore.core.clock import COLOMBIA

_BLANK_LINES = re.compile(r"\n{3,}")
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


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


def write(template: str, language: str, context: Mapping[str, Any]) -> Letter:
    """A letter in `es` or `en`."""
    name = f"{template}.{language}.jinja"
    whole = {**context, "language": language}
    plain, rich = (_environment(kind).get_template(name) for kind in ("txt", "html"))
    subject = "".join(plain.blocks["subject"](plain.new_context(whole)))
    return Letter(
        " ".join(subject.split()), _BLANK_LINES.sub("\n\n", plain.render(whole)).strip() + "\n", rich.render(whole)
    )


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


def _local(moment: datetime | str) -> datetime:
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(COLOMBIA)


@functools.cache
def _environment(kind: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("mestore.notifications"),
        autoescape=kind == "html",  # noqa: S701 - plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"pesos": pesos, "clock": clock, "day": day, "one_line": _one_line}
    parts: Any = environment.get_template(f"parts.{kind}").module
    environment.globals |= {"layout": f"layout.{kind}", "letter": parts}
    return environment


def _one_line(value: str) -> str:
    return " ".join(value.split())
