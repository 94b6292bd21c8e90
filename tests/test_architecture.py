"""House rules that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "mestore"
LONGEST = 400
DRAWERS = {"utils", "helpers", "common", "misc", "constants"}


def modules(*, but_not: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each module's path and text, leaving out the rooms or files named."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if not name.startswith(but_not):
            yield name, path.read_text()


def test_one_file_commits_and_rolls_back() -> None:
    # Alembic's entry and the sandbox, which has a database of its own, are no part of the product.
    outside = ("core/database.py", "migrations/", "sandbox/", "app/seed.py")
    found = [
        (name, node.lineno)
        for name, text in modules(but_not=outside)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback", "begin", "begin_nested")
    ]
    assert found == []


def test_another_room_is_entered_through_its_door() -> None:
    """Its service, models, errors and events. Of `users` also the caller (`current`), and the shapes that an answer of
    another room contains."""
    shapes = {f"mestore.{room}.schemas" for room in ("users", "catalog", "reviews", "search", "orders", "shipping")}
    private = {"repository", "schemas", "endpoints", "tasks"}
    found = []
    for name, text in modules(but_not=("app/", "sandbox/", "migrations/")):
        room = name.split("/")[0]
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mestore."):
                _, other, *files = node.module.split(".")
                if other not in (room, "core") and private.intersection(files) and node.module not in shapes:
                    found.append((name, node.module))
    assert found == []


def test_a_module_has_one_subject_and_a_name() -> None:
    found = [name for name, text in modules() if len(text.splitlines()) > LONGEST]
    assert found == []
    assert [name for name, _ in modules() if Path(name).stem in DRAWERS] == []


def test_nobody_but_the_settings_reads_the_environment() -> None:
    # The metrics' library reads its own variable; the supervisor hands the environment on to its children.
    outside = ("app/", "sandbox/", "core/settings.py", "core/metrics.py")
    assert [name for name, text in modules(but_not=outside) if "os.environ" in text or "getenv" in text] == []


def test_the_clock_is_handed_in() -> None:
    """Inside the rooms, "now" is a `Now` or PostgreSQL's."""
    clocks = ("datetime.now(", "utcnow", "time.time(", "date.today(")
    outside = ("app/", "sandbox/", "core/")
    assert [(name, clock) for name, text in modules(but_not=outside) for clock in clocks if clock in text] == []


def test_money_is_no_float() -> None:
    rooms = ("orders/", "payments/", "commissions/", "catalog/")
    found = [
        (name, node.lineno)
        for name, text in modules()
        if name.startswith(rooms)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and node.id == "float"
    ]
    assert found == []
