"""What couriers have in common: they sleep until something is due or new, and do what is due, one round at a time."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import Any

from mestore.sandbox.posting import Poster


class Rounds(ABC):
    def __init__(self) -> None:
        self._something_new = asyncio.Event()
        self._gate = asyncio.Lock()
        self._poster = Poster()

    async def run(self) -> None:
        while True:
            self._something_new.clear()
            await self.finish_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._something_new.wait(), self._seconds_to_next())

    def wake(self) -> None:
        self._something_new.set()

    async def close(self) -> None:
        await self._poster.close()

    @abstractmethod
    async def finish_due(self, *, held: bool = False) -> list[dict[str, Any]]:
        """Does now all that is due, and answers the deliveries made; `held`, also what a pause kept back."""

    @abstractmethod
    def _seconds_to_next(self) -> float | None:
        """Until the next thing is due; None when nothing waits."""

    @abstractmethod
    def deliveries(self) -> list[dict[str, Any]]:
        """Newest first."""

    @abstractmethod
    async def _deliver(self, delivery_id: int) -> None: ...

    async def _deliver_all(self, ids: list[int]) -> list[dict[str, Any]]:
        """All at the same instant."""
        await asyncio.gather(*(self._deliver(delivery_id) for delivery_id in ids))
        return [delivery for delivery in self.deliveries() if delivery["id"] in ids]
