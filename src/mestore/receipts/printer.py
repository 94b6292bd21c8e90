"""Receipts and slips are made in a thread of their own, so that the event loop goes on.

One thread: this is Python from end to end, and two would only take turns. A receipt of a few lines takes about a tenth
of a second, one of a hundred lines half of one.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mestore.receipts.errors import PrinterBusy

Document = TypeVar("Document")

MOST_WAITING = 16
"""A client that waits longer than these take has gone."""

_thread = ThreadPoolExecutor(1, thread_name_prefix="receipts")


class Printer:
    """The process has one, and all requests share its thread."""

    def __init__(self) -> None:
        self._inside = 0

    async def print(self, build: Callable[[Document], bytes], document: Document) -> bytes:
        """What `build` makes of the document: a PDF.

        Raises:
            PrinterBusy: too many others wait.
        """
        if self._inside > MOST_WAITING:
            raise PrinterBusy
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(_thread, build, document)
        finally:
            self._inside -= 1


printer = Printer()
