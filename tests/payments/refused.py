"""A refusal of the payments, by its name."""

from typing import Any

import httpx

from tests.problems import assert_problem


def assert_refused(response: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem document; its type ends in `name`."""
    problem = assert_problem(response, status)
    assert problem["type"] == f"/problems/{name}"
    return problem
