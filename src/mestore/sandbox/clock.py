"""The sandbox's virtual clock: the real one, moved forward by the control API."""

import time
from datetime import UTC, datetime

from mestore.sandbox.controls import ControlPanel


def iso(moment: float) -> str:
    """As Wompi writes it: `2026-10-05T18:48:27.000Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    def __init__(self, panel: ControlPanel) -> None:
        self._panel = panel

    def now(self) -> float:
        return time.time() + self._panel.controls.clock_offset

    def iso(self) -> str:
        return iso(self.now())

    def advance(self, seconds: float) -> None:
        self._panel.controls.clock_offset += seconds
        self._panel.save()
