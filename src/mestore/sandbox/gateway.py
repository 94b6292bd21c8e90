"""The parts of the simulated gateway that its interfaces share."""

from dataclasses import dataclass

from mestore.core.settings import Settings
from mestore.sandbox.clock import Clock
from mestore.sandbox.controls import ControlPanel
from mestore.sandbox.courier import Courier
from mestore.sandbox.faults import Faults
from mestore.sandbox.store import Store
from mestore.sandbox.wompi_checks import Keys
from mestore.sandbox.wompi_ledger import Ledger


@dataclass(frozen=True)
class Gateway:
    store: Store
    keys: Keys
    panel: ControlPanel
    clock: Clock
    ledger: Ledger
    courier: Courier
    faults: Faults


def build_gateway(settings: Settings, store: Store) -> Gateway:
    wompi = settings.wompi
    keys = Keys(
        public=wompi.public_key,
        private=wompi.private_key.get_secret_value(),
        integrity=wompi.integrity_secret.get_secret_value(),
        events=wompi.events_secret.get_secret_value(),
        environment=wompi.environment,
    )
    panel = ControlPanel(store)
    clock = Clock(panel)
    ledger = Ledger(store, panel, clock, keys)
    events_url = f"http://{settings.api.host}:{settings.api.port}/api/v1/payments/webhook"
    courier = Courier(store, panel, clock, ledger, events_url)
    return Gateway(store, keys, panel, clock, ledger, courier, Faults(panel))
