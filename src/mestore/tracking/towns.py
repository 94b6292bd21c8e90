"""Towns, found in what carriers and vendors write for a place: what everybody may read names a town or nothing."""

import re

from mestore.places.dane import find_municipality, fold, search

_PARTS = re.compile(r"[,;/()|]| - ")
_MOST_PARTS = 4
_AS_PEOPLE_SAY = {"cartagena": "13001", "cucuta": "54001"}
"""Cities whose name at DANE nobody uses."""


def town_of(place: str | None) -> str | None:
    """The town as DANE spells it, where a part of the place is one: `Bodega sur, medellin` → `Medellín`.

    Whatever else stands there, an address or a name, is left out.
    """
    for part in _PARTS.split(place or "")[:_MOST_PARTS]:
        if (wanted := fold(part)) and (town := _town(wanted)):
            return town
    return None


def _town(wanted: str) -> str | None:
    if found := find_municipality(_AS_PEOPLE_SAY.get(wanted, "")):
        return found.name
    for each in search(wanted, None):
        name = each.municipality.name
        if wanted in {fold(name), fold(name.partition(",")[0])}:
            return name
    return None
