"""What every refusal looks like, and that nothing was written by it."""

from typing import Any

import httpx

from mestore.app.models import metadata
from tests.rows import Rows

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}
TABLES = (*sorted(table.name for table in metadata.sorted_tables), "pgqueuer")


def assert_problem(response: httpx.Response, *statuses: int) -> dict[str, Any]:
    """The problem document, complete and of one of these statuses."""
    assert response.status_code in statuses, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem.keys() >= MEMBERS, problem
    assert problem["status"] == response.status_code
    assert problem["type"].startswith("/problems/")
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["instance"] == response.request.url.path.rstrip("/")
    for error in problem.get("errors", ()):
        assert error.keys() == {"loc", "msg", "code"}, error
    return problem


def said_by(response: httpx.Response) -> str:
    """The answer's text without its id: that is random digits, and may hold any short number by chance."""
    return response.text.replace(response.json()["request_id"], "")


async def census(rows: Rows) -> dict[str, int]:
    """How many rows each table has."""
    counted = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES)
    return dict(map(tuple, await rows.execute(counted)))
