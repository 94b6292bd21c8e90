"""How Payválida's notifications are written and sent, as a test has told it."""

from pydantic import Field

from mestore.sandbox.controls import Strict
from mestore.sandbox.store import Store


class NotificationOptions(Strict):
    paused: bool = False
    """Hold every automatic delivery; `deliver_pending` sends what was held."""
    duplicate: int = Field(0, ge=0, le=100)
    """So many more copies of each notification."""
    url: str | None = None
    """Where notifications go; `null` is MeStore's own address."""
    amount: str | None = None
    """What notifications say was paid, whatever was: their checksum does not cover it."""
    wrong_checksum: bool = False
    uppercase_checksum: bool = False


class Options:
    """Kept in the store, so that a restart goes on with them and whoever empties it forgets them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> NotificationOptions:
        row = self._store.row("SELECT document FROM payvalida_options")
        return NotificationOptions.model_validate_json(row["document"]) if row else NotificationOptions()

    def write(self, options: NotificationOptions) -> None:
        self._store.execute("INSERT OR REPLACE INTO payvalida_options VALUES (1, ?)", options.model_dump_json())
