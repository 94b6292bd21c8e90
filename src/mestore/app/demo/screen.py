"""What whoever watches the demo sees: a line per step, with a mark and what came back."""

from collections.abc import Callable

import httpx
from rich.console import Console
from rich.text import Text

from mestore.app.demo.web import Wrong

_TITLE_WIDTH = 36


class Screen:
    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def say(self, text: str = "", style: str = "") -> None:
        self._console.print(Text(text, style))

    def play(self, label: str, title: str, act: Callable[[], str]) -> bool:
        """Shows what `act` says came back, or what was wrong with it."""
        try:
            came_back = act()
        except Wrong as wrong:
            return self._show(label, title, str(wrong), right=False)
        except httpx.HTTPError as broken:
            return self._show(label, title, f"{type(broken).__name__}: {broken}", right=False)
        except (LookupError, TypeError, ValueError) as odd:
            return self._show(label, title, f"an answer is not as documented: {odd!r}", right=False)
        return self._show(label, title, came_back, right=True)

    def _show(self, label: str, title: str, came_back: str, *, right: bool) -> bool:
        mark = ("✓", "green") if right else ("✗", "bold red")
        line = Text.assemble(mark, f" {label:>2}  {title:<{_TITLE_WIDTH}}", (came_back, "dim" if right else "red"))
        self._console.print(line)
        return right
