"""Signals come between any two lines."""

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def interrupted_everywhere(run: Callable[[], None], handle: Callable[[], None]) -> bool:
    """Whether `run` ends (within ten seconds) when the handler is called, in its thread, before each of its lines.

    Lines of the library that it calls count too: what a handler waits for may be held by the line it interrupts.
    """

    def interrupt(_frame: FrameType, _event: str, _argument: object) -> Any:
        sys.settrace(None)
        handle()
        sys.settrace(interrupt)
        return interrupt

    def run_interrupted() -> None:
        sys.settrace(interrupt)
        try:
            run()
        finally:
            sys.settrace(None)

    thread = threading.Thread(target=run_interrupted, daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()
