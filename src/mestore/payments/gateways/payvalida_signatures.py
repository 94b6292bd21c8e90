"""Payválida's checksums: SHA-512 or SHA-256 over parts glued without separators, a secret last (docs.payvalida.com).

The checksum of a notification covers neither the amount nor the currency: whatever a notification says is a hint, and
the order is asked for before money is believed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

ANNOUNCED = ("approved", "cancelled")
"""The statuses that Payválida announces; none ends like another, so that gluing them to an order is no way to shift
characters between the two."""


def creation(email: str, country: int, order: str, currency: str, amount: str, secret: str) -> str:
    """Of `POST /api/v3/porders`. `amount` is the very text that is sent: whole pesos."""
    return _sha512(email, str(country), order, currency, amount, secret)


def question(order: str, merchant: str, secret: str) -> str:
    """Of `GET` and `DELETE /api/v3/porders/{order}`."""
    return _sha512(order, merchant, secret)


def counter_question(reference: str, currency: int, network: str, timestamp: int, secret: str) -> str:
    """Of what Payválida asks at our own agreement when a code is said at a counter."""
    return _sha512(reference, str(currency), network, str(timestamp), secret)


def notification(order: str, status: str, secret: str) -> str:
    return hashlib.sha256(f"{order}{status}{secret}".encode()).hexdigest()


def notification_is_genuine(body: Mapping[str, Any], secret: str) -> bool:
    """Whether a notification is Payválida's, in either case of its checksum. False for anything of another shape."""
    order, status, checksum = body.get("po_id"), body.get("status"), body.get("pv_checksum")
    if not secret or not isinstance(order, str) or not isinstance(status, str) or not isinstance(checksum, str):
        return False
    expected = notification(order, status, secret)
    return status in ANNOUNCED and checksum.isascii() and hmac.compare_digest(expected, checksum.lower())


def _sha512(*parts: str) -> str:
    return hashlib.sha512("".join(parts).encode()).hexdigest()
