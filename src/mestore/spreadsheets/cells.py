"""Texts that a spreadsheet would take for a formula, and run: written with an apostrophe before them, read without it.

Both the ASCII characters and their full-width twins begin a formula for one program or another.
"""

import re

_WOULD_RUN = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_HARMLESS = re.compile("'+[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def neutralised(text: str) -> str:
    return f"'{text}" if _WOULD_RUN.match(text) else text


def restored(text: str) -> str:
    """What `neutralised` was given."""
    return text[1:] if _HARMLESS.match(text) else text
