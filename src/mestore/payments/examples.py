"""What the document shows of an attempt to pay where it is not what the type says: by address and by status."""

from typing import Any

from mestore.core.documentation import shows

_INSTRUCTIONS = {
    "code": "3260000345",
    "barcode": "(415)7709998001237(8020)3260000345(3900)0000084999(96)20261127",
    "amount": "84999.00",
    "expires_at": "2026-11-28T04:59:59Z",
    "slip_url": "/api/v1/payments/55/slip",
    "steps": ["Di que vas a pagar al convenio 110000 con el código 3260000345."],
}
_BY_GATEWAY: dict[str, dict[str, Any]] = {
    "wompi": {},
    "payu": {"gateway": "payu", "transaction_id": "960b2f4c-7d1e-4c56-9a34-1f0e2b8c5d77"},
    "efecty": {
        "gateway": "efecty",
        "transaction_id": "ORDx20261124x7KQ2M9XDx1f0e2b8c",
        "payment_url": "https://pay.example/3260000345",
        "expires_at": "2026-11-28T04:59:59Z",
        "instructions": _INSTRUCTIONS,
    },
}
_NOTHING_YET = {"status": "PROCESSING", "transaction_id": None, "payment_url": None, "instructions": None}


def waiting(gateway: str) -> dict[str, Any]:
    """The attempt waits for its buyer."""
    return shows(**_BY_GATEWAY[gateway])


def not_known(gateway: str) -> dict[str, Any]:
    """The gateway did not say what became of the attempt."""
    return shows(**_BY_GATEWAY[gateway] | _NOTHING_YET)
