"""What the pages say is there: files, commands, rooms, settings and tests."""

import re
from enum import StrEnum
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mestore.app.cli import app
from mestore.core.settings import Settings
from mestore.orders.states import NEXT, PACKAGE_NEXT

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
SOURCE = ROOT / "src" / "mestore"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:\w+/)+[\w.]+\.(?:py|md|json))(?:::(\w+))?`", page.read_text())
    for name, test in named:
        places = [ROOT / name, SOURCE / name]
        there = [place for place in places if place.exists()]
        assert there, f"{page.name} names {name}"
        assert f"def {test}" in there[0].read_text() or not test, f"{page.name} names {test} in {name}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_architecture_page_lists_the_rooms_there_are() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE))
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms - {"sandbox", "migrations"} == listed


def test_the_readme_names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", readme)) <= targets
    help_text = CliRunner().invoke(app, ["--help"]).output
    named = {
        word for group in re.findall(r"^\| `mestore ([^|]+)` \|", readme, re.MULTILINE) for word in group.split("`, `")
    }
    for command in named:
        assert command.split()[0] in help_text, command


def test_the_readme_names_settings_that_exist() -> None:
    for name in re.findall(r"MESTORE_([A-Z_]+)", (ROOT / "README.md").read_text()):
        field, _, rest = name.lower().partition("_")
        known = Settings.model_fields
        assert name.lower() in known or rest in known[field].annotation.model_fields, name  # type: ignore[union-attr]


@pytest.mark.parametrize(("heading", "table"), [("an order", NEXT), ("a package", PACKAGE_NEXT)])
def test_the_glossary_lists_the_moves_there_are(heading: str, table: dict[StrEnum, frozenset[StrEnum]]) -> None:
    text = (
        (ROOT / "docs" / "glossary.md").read_text().partition(f"## Statuses of {heading}\n\n")[2].partition("\n\n")[0]
    )
    said = {
        (before, after)
        for before, nexts in re.findall(r"([A-Z_]+) → ([A-Z_, \n]+)", text)
        for after in re.findall(r"[A-Z_]+", nexts)
    }
    assert said == {(before.value, after.value) for before, nexts in table.items() for after in nexts}
