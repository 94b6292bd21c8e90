"""The magic numbers of Wompi's sandbox: which card, bank or phone ends how."""

from typing import Any, NamedTuple

from mestore.sandbox.controls import Strict


class Outcome(NamedTuple):
    status: str
    message: str | None = None


class RecordedAmount(Strict):
    """What the gateway's own record shall say instead, for tests of a mismatch."""

    amount_in_cents: int | None = None
    currency: str | None = None


CARD_OUTCOMES = {
    "4242424242424242": Outcome("APPROVED"),
    "4111111111111111": Outcome("DECLINED", "La transacción fue rechazada (Sandbox)"),
}
NEQUI_OUTCOMES = {
    "3991111111": Outcome("APPROVED"),
    "3992222222": Outcome("DECLINED", "La transacción fue rechazada (Sandbox)"),
}
BANK_OUTCOMES = {
    "1": Outcome("APPROVED"),
    "2": Outcome("DECLINED", "Transacción RECHAZADA en Sandbox"),
    "3": Outcome("ERROR", "Transacción con ERROR en Sandbox"),
}
OTHERWISE = Outcome("ERROR", "Transacción con ERROR en Sandbox")

BANKS = {
    "1": "Banco que aprueba",
    "2": "Banco que declina",
    "3": "Banco que simula un error",
    "1022": "Banco Union Colombiano",
    "1007": "Bancolombia",
    "1051": "Davivienda",
}


def card_outcome(number: str) -> Outcome:
    return CARD_OUTCOMES.get(number, OTHERWISE)


def planned_outcome(method: dict[str, Any], card: Outcome | None) -> Outcome | None:
    """None: the buyer decides at the bank's page."""
    if method["type"] == "CARD":
        return card
    if method["type"] == "NEQUI":
        return NEQUI_OUTCOMES.get(method["phone_number"], OTHERWISE)
    if method["type"] == "PSE":
        return BANK_OUTCOMES.get(method["financial_institution_code"])
    return None
