"""HTTP as the demo speaks it: every answer has a wanted status, and anything else is said in one sentence."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import httpx

_PATIENCE_SECONDS = 10.0
_LOOK_EVERY_SECONDS = 0.05
T = TypeVar("T")


class Wrong(Exception):
    """The message is one sentence for whoever watches the demo."""


def expect(right: bool, otherwise: str) -> None:
    if not right:
        raise Wrong(otherwise)


def eventually(
    question: Callable[[], T | None],
    otherwise: str,
    *,
    patience: float = _PATIENCE_SECONDS,
    tell: Callable[[str], None] | None = None,
) -> T:
    """The first answer that is not nothing; `patience` in seconds. `tell` hears every second how long it takes."""
    begin = time.monotonic()
    told = 0
    while not (answer := question()):
        waited = time.monotonic() - begin
        expect(waited < patience, f"{otherwise} within {patience:.0f} s")
        if tell is not None and int(waited) > told:
            told = int(waited)
            tell(f"{told} s of at most {patience:.0f}")
        time.sleep(_LOOK_EVERY_SECONDS)
    return answer


class Site:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=base_url, timeout=15, trust_env=False)

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> httpx.Response:
        response = self._http.request(method, path, **more)
        if response.status_code != status:
            raise Wrong(f"{method} {path} answered {response.status_code} instead of {status}: {_said(response)}")
        return response

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        return self.ask("GET", path, status, **more).json()

    def post(self, path: str, status: int = 200, **more: Any) -> Any:
        return self.ask("POST", path, status, **more).json()

    def answers(self, path: str) -> bool:
        try:
            return self._http.get(path).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


@dataclass
class Person:
    """Somebody signed in."""

    api: Site
    email: str
    access_token: str

    def ask(
        self, method: str, path: str, status: int = 200, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access_token}", **(headers or {})}
        return self.api.ask(method, path, status, headers=headers, **more)

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        return self.ask("GET", path, status, **more).json()

    def post(self, path: str, status: int = 200, **more: Any) -> Any:
        return self.ask("POST", path, status, **more).json()


def _said(response: httpx.Response) -> str:
    """What a problem document says, else the beginning of whatever came."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        problem = response.json()
        details = [f"{'.'.join(error['loc'])}: {error['msg']}" for error in problem.get("errors", [])]
        return "; ".join([str(problem.get("detail") or problem["title"]), *details])
    return response.text[:200]
