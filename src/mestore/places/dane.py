"""Colombia's departments and municipalities by DANE's codes, read once from the package's own file.

The list changes by a law every few years: `scripts/make_places.py` writes the file.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

_DEPARTMENT_DIGITS = 2


@dataclass(frozen=True)
class Department:
    code: str
    name: str


@dataclass(frozen=True)
class Municipality:
    code: str
    name: str
    department: Department


def departments() -> Sequence[Department]:
    """By name."""
    return _country()[0]


def find_municipality(code: str) -> Municipality | None:
    return _country()[1].get(code)


@dataclass(frozen=True)
class Found:
    municipality: Municipality
    key: tuple[int, str, str]
    """Where it stands in the answer."""


def search(words: str | None, department_code: str | None) -> list[Found]:
    """The municipalities whose name has these words, without regard to accents, case and signs.

    Names that begin with them come first.
    """
    wanted = fold(words or "")
    found = [
        Found(each, (_rank(name, wanted), name, each.code))
        for each, name in _names()
        if wanted in name and department_code in {None, each.department.code}
    ]
    return sorted(found, key=lambda one: one.key)


def fold(text: str) -> str:
    """`Bogotá, D.C.` → `bogota d c`."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (" " if not letter.isalnum() else letter for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(letters).split())


def _rank(name: str, wanted: str) -> int:
    if name.startswith(wanted):
        return 0
    return 1 if f" {wanted}" in name else 2


@cache
def _country() -> tuple[Sequence[Department], dict[str, Municipality]]:
    lines = resources.files(__package__).joinpath("dane.tsv").read_text(encoding="utf-8").splitlines()
    names = dict(line.split("\t") for line in lines)
    by_code = {code: Department(code, name) for code, name in names.items() if len(code) == _DEPARTMENT_DIGITS}
    municipalities = {
        code: Municipality(code, name, by_code[code[:_DEPARTMENT_DIGITS]])
        for code, name in names.items()
        if len(code) > _DEPARTMENT_DIGITS
    }
    return sorted(by_code.values(), key=lambda each: fold(each.name)), municipalities


@cache
def _names() -> Sequence[tuple[Municipality, str]]:
    return [(each, fold(each.name)) for each in _country()[1].values()]
