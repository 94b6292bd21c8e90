"""What stands on a slip, on whatever it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from mestore.core.money import Money
from mestore.core.wording import on_paper
from mestore.payments.barcode import SlipBarcode

KIND = "Recibo de pago en Efecty"
NOTICE = "Este recibo no es un comprobante de pago ni una factura electrónica."
QUIET = 10
"""How many light modules a scanner needs on each side of the bars (GS1 General Specifications)."""


@dataclass(frozen=True)
class Slip:
    order_number: str
    begun_at: datetime
    """When the attempt to pay began, UTC."""
    code: str
    """What is said at the counter."""
    amount: Money
    """COP, all of it at once."""
    expires_at: datetime
    """UTC; until then the code is taken."""
    steps: Sequence[str]
    barcode: SlipBarcode | None
    """None where the contract with the network knows no barcode."""

    @property
    def deadline(self) -> str:
        return f"Págalo a más tardar el {on_paper(self.expires_at)}."

    @property
    def warning(self) -> str:
        return f"Después del {on_paper(self.expires_at)} este código ya no se puede pagar."


@dataclass(frozen=True)
class Bar:
    """In modules from the first bar's left edge."""

    place: int
    width: int


def bars(barcode: SlipBarcode) -> list[Bar]:
    """The dark bars, from left to right."""
    found, place = [], 0
    for module, run in groupby(barcode.modules):
        width = len(list(run))
        if module == "1":
            found.append(Bar(place, width))
        place += width
    return found
