"""How PayU's confirmations are written and sent, as a test has told it."""

from pydantic import Field

from mestore.sandbox.controls import Strict
from mestore.sandbox.store import Store


class ConfirmationOptions(Strict):
    paused: bool = False
    """Hold every automatic delivery; `deliver_pending` sends what was held."""
    duplicate: int = Field(0, ge=0, le=100)
    """So many more copies of each confirmation."""
    url: str | None = None
    """Where confirmations go; `null` is the address that the order names."""
    json_body: bool = False
    """JSON instead of a form: PayU's pages say that it may happen."""
    bare: bool = False
    """Only what is signed, the transaction's id and `test`."""
    wrong_sign: bool = False
    changes: dict[str, str] = {}
    """Fields that say something else, changed after signing."""
    cash_delay_seconds: float = Field(900, ge=0)
    """How long after the counter Efecty tells PayU."""


class Options:
    """Kept in the store, so that a restart goes on with them and whoever empties it forgets them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> ConfirmationOptions:
        row = self._store.row("SELECT document FROM payu_options")
        return ConfirmationOptions.model_validate_json(row["document"]) if row else ConfirmationOptions()

    def write(self, options: ConfirmationOptions) -> None:
        self._store.execute("INSERT OR REPLACE INTO payu_options VALUES (1, ?)", options.model_dump_json())
