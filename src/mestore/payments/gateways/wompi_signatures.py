"""Wompi's two signatures, both SHA-256 over glued text (docs.wompi.co: "firma de integridad", "eventos").

What the event's checksum does not protect: the list of signed properties lies in the unsigned part of the body and the
values are glued without separators, so one genuine event yields a checksum that verifies for a forged body. Therefore
the list must be exactly the three properties that Wompi documents, and no announced value is ever believed: the
transaction is asked for again before money moves.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

SIGNED = ("transaction.id", "transaction.status", "transaction.amount_in_cents")


def integrity(reference: str, amount_in_cents: int, currency: str, secret: str, expiration: str = "") -> str:
    """The `signature` of `POST /transactions` and of the checkout page, in lower case.

    `expiration` is the very text that is sent, where one is.
    """
    return hashlib.sha256(f"{reference}{amount_in_cents}{currency}{expiration}{secret}".encode()).hexdigest()


def event_is_genuine(event: Mapping[str, Any], secret: str) -> bool:
    """Whether an event's checksum is Wompi's. False for anything of another shape; nothing is raised."""
    signature, data = event.get("signature"), event.get("data")
    if not secret or not isinstance(signature, Mapping) or not isinstance(data, Mapping):
        return False
    checksum, properties = signature.get("checksum"), signature.get("properties")
    # One page of the documentation shows the timestamp inside `signature`.
    timestamp = event.get("timestamp", signature.get("timestamp"))
    if not isinstance(checksum, str) or not isinstance(properties, list) or not _is_whole(timestamp):
        return False
    if any(not isinstance(name, str) for name in properties) or sorted(properties) != sorted(SIGNED):
        return False
    values = [_value(data, name) for name in properties]
    if any(not isinstance(value, str) and not _is_whole(value) for value in values):
        return False
    expected = hashlib.sha256(f"{''.join(map(str, values))}{timestamp}{secret}".encode()).hexdigest()
    return checksum.isascii() and hmac.compare_digest(expected, checksum.lower())


def signed_part(event: Mapping[str, Any]) -> dict[str, Any]:
    """What a genuine event's checksum covers, and the checksum, so that it can be verified again."""
    signature = event["signature"]
    return {
        "event": event.get("event"),
        "data": {"transaction": {name.partition(".")[2]: _value(event["data"], name) for name in SIGNED}},
        "timestamp": event.get("timestamp", signature.get("timestamp")),
        "signature": {"properties": signature["properties"], "checksum": signature["checksum"]},
    }


def _value(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
