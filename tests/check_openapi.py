"""`python -m tests.check_openapi`: the committed `openapi.json` is what the code says."""
# ruff: noqa: T201

import difflib
import json
import sys
from pathlib import Path

from mestore.app.api import openapi_document

COMMITTED = Path(__file__).parents[1] / "openapi.json"


def text() -> str:
    return json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n"


def difference() -> str:
    """What the code would change in the committed document."""
    committed = COMMITTED.read_text(encoding="utf-8") if COMMITTED.exists() else ""
    lines = difflib.unified_diff(
        committed.splitlines(), text().splitlines(), "openapi.json as committed", "the code", lineterm="", n=2
    )
    return "\n".join(lines)


def main() -> int:
    found = difference()
    if not found:
        print("openapi.json is what the code says")
        return 0
    print(found)
    print(
        "\nThe API's document changed. If that is meant, run `make openapi` and commit openapi.json.", file=sys.stderr
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
