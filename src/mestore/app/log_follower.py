"""What the children of `mestore up` say: to a file each, and with a prefix each to the terminal."""

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_LARGEST_KEPT_LOG = 10_000_000
_COLOURS = (36, 35, 34, 33, 32, 96, 95, 94)


class LogFollower:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.quiet = False
        """While a child draws on the terminal itself."""
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._colours: dict[str, int] | None = {} if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else None
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def truncate_large(self) -> None:
        for path in self.folder.glob("*.log"):
            if path.stat().st_size > _LARGEST_KEPT_LOG:
                path.write_bytes(b"")

    def follow(self, name: str, stream: IO[bytes]) -> None:
        """Takes lines until the last holder of the pipe's other end is gone."""
        thread = threading.Thread(target=self._pump, args=(name, stream), name=f"log of {name}", daemon=True)
        thread.start()
        self._threads[name] = thread

    def say(self, text: str, name: str = "mestore") -> None:
        """One line of the supervisor's own."""
        with self.path(name).open("a", encoding="utf-8") as log:
            log.write(text + "\n")
        self._show(name, text)

    def last_words(self, name: str, count: int = 3) -> str:
        """Of a child that has ended."""
        self._threads[name].join(1)
        with self.path(name).open(encoding="utf-8", errors="replace") as log:
            return " / ".join(line.strip() for line in deque(log, count))

    def drain(self) -> None:
        """Waits, briefly, for the last words of children that have all ended."""
        for thread in self._threads.values():
            thread.join(1)

    def show_block(self, text: str) -> None:
        with self._lock, self._perhaps_unread():
            sys.stdout.write(text)
            sys.stdout.flush()

    @staticmethod
    @contextlib.contextmanager
    def _perhaps_unread() -> Iterator[None]:
        """The reader of our output may be gone (`make up | head`): the files still have it all."""
        try:
            yield
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _pump(self, name: str, stream: IO[bytes]) -> None:
        with stream, self.path(name).open("ab", buffering=0) as log:
            for line in stream:
                log.write(line)
                self._show(name, line.decode(errors="replace").rstrip())

    def _show(self, name: str, text: str) -> None:
        if self.quiet and name != "mestore":
            return
        prefix = f"{name:<9}|"
        with self._lock, self._perhaps_unread():
            if self._colours is not None:
                colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
                prefix = f"\033[{colour}m{prefix}\033[0m"
            sys.stdout.write(f"{prefix} {text}\n")
            sys.stdout.flush()
