"""Letters: one template for each kind and language, rendered twice, as text and as HTML.

A template says what the parts of a letter are (`letter.p`, `letter.code`, `letter.items`); `parts.txt` and `parts.html`
say how they look. HTML escapes whatever comes from people, the subject is held to one line.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mestore.core.wording import clock, day, pesos

_BLANK_LINES = re.compile(r"\n{3,}")


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
