"""What whoever watches the demo sees: a line per step, with a mark and what came back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from rich.console import Console
from rich.status import Status
from rich.text import Text

from mestore.app.demo.web import Wrong

_TITLE_WIDTH = 36
_A_LINE_EVERY_SECONDS = 2


class Screen:
    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._title = ""
        self._told_at = 0.0

    def say(self, text: str = "", style: str = "") -> None:
        self._console.print(Text(text, style))

    def play(self, label: str, title: str, act: Callable[[], str]) -> bool:
        """Shows what `act` says came back, or what was wrong with it."""
        self._title, self._told_at = title, time.monotonic()
        try:
            with self._spinning():
                came_back = act()
        except Wrong as wrong:
            return self._show(label, title, str(wrong), right=False)
        except httpx.HTTPError as broken:
            return self._show(label, title, f"{type(broken).__name__}: {broken}", right=False)
        except (LookupError, TypeError, ValueError) as odd:
            return self._show(label, title, f"an answer is not as documented: {odd!r}", right=False)
        return self._show(label, title, came_back, right=True)

    def tell(self, text: str) -> None:
        """How far a step is that takes long: on a terminal at once, elsewhere a line now and then."""
        if self._status is not None:
            self._status.update(f"{self._title}: {text}")
        elif time.monotonic() - self._told_at >= _A_LINE_EVERY_SECONDS:
            self._told_at = time.monotonic()
            self.say(f"…     {self._title}: {text}", "dim")

    @contextmanager
    def _spinning(self) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(self._title) as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def _show(self, label: str, title: str, came_back: str, *, right: bool) -> bool:
        mark = ("✓", "green") if right else ("✗", "bold red")
        line = Text.assemble(mark, f" {label:>2}  {title:<{_TITLE_WIDTH}}", (came_back, "dim" if right else "red"))
        self._console.print(line)
        return right
