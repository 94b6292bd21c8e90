"""What a test or a person has told the sandbox to do; kept in the store, so that a restart goes on with it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from mestore.sandbox.store import Store


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class SettleDelay(Strict):
    """Seconds between the creation of a transaction and the gateway's next step with it."""

    min: float = Field(0.2, ge=0)
    max: float = Field(2.8, ge=0)


class EventOptions(Strict):
    """How the events of transactions to come are written (`wrong_checksum` … `timestamp_inside_signature`) and sent."""

    paused: bool = False
    """Hold every automatic delivery; `deliver_pending` sends what was held."""
    duplicate: int = Field(0, ge=0, le=100)
    """So many more copies of each event, sent at the same instant."""
    delay_seconds: float = Field(0, ge=0)
    url: str | None = None
    """Where events go; `null` is MeStore's own address."""
    before_response: bool = False
    """Settle and deliver before `POST /transactions` is answered."""
    reverse_order: bool = False
    """`deliver_pending` sends the newest first."""
    wrong_checksum: bool = False
    uppercase_checksum: bool = False
    shuffle_properties: bool = False
    timestamp_inside_signature: bool = False


class FaultMode(StrEnum):
    TIMEOUT_AFTER_PROCESSING = "timeout_after_processing"
    TIMEOUT_BEFORE_PROCESSING = "timeout_before_processing"
    SLOW = "slow"
    RESET = "reset"
    ERROR_500 = "500"
    HTML_502 = "502_html"
    HTML_200 = "html_200"
    TOO_MANY_429 = "429"
    REDIRECT_302 = "redirect_302"
    HUGE_200 = "huge_200"
    NUL_200 = "nul_200"
    """JSON, and one text in it is a NUL, which no database takes."""


class Fault(Strict):
    call: str
    mode: FaultMode
    seconds: float = Field(60, gt=0, le=60)
    """How long a time-out holds the connection, or a slow answer takes."""
    times: int = Field(1, ge=1)


class Controls(Strict):
    clock_offset: float = 0
    settle_delay: SettleDelay = SettleDelay()
    void_window: float = 86_400
    """Seconds after its approval in which a transaction can be voided: Wompi does not say how many."""
    events: EventOptions = EventOptions()
    faults: list[Fault] = []


class ControlPanel:
    def __init__(self, store: Store) -> None:
        self._store = store
        row = store.row("SELECT document FROM controls")
        self.controls = Controls.model_validate_json(row["document"]) if row else Controls()

    def save(self) -> None:
        self._store.execute("INSERT OR REPLACE INTO controls VALUES (1, ?)", self.controls.model_dump_json())

    def reset(self) -> None:
        self.controls = Controls()

    def take_fault(self, call: str) -> Fault | None:
        for fault in self.controls.faults:
            if fault.call == call:
                fault.times -= 1
                self.controls.faults = [waiting for waiting in self.controls.faults if waiting.times]
                self.save()
                return fault
        return None
