"""The part of an address that people read."""

import re
import unicodedata

_OTHER = re.compile(r"[^a-z0-9]+")


def slug_of(name: str, *, longest: int, otherwise: str) -> str:
    """`Café de origen 500 g` → `cafe-de-origen-500-g`; `otherwise` when nothing of the name can be kept."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", plain)[:longest].strip("-") or otherwise
