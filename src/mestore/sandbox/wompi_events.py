"""The event Wompi posts: its body, its checksum, and the ways in which a test may want it to be odd."""

import copy
import hashlib
import json
import secrets
from typing import Any, Literal

from mestore.sandbox.clock import iso
from mestore.sandbox.controls import EventOptions

SIGNED_PROPERTIES = ("transaction.id", "transaction.status", "transaction.amount_in_cents")
SIGNING_SECRET_OF_A_FORGER = "test_events_guessed"  # noqa: S105 - public on purpose: what a forger would sign with
TOLD_OF_A_TRANSACTION = (
    "id",
    "status",
    "amount_in_cents",
    "currency",
    "reference",
    "customer_email",
    "payment_method_type",
    "payment_method",
    "status_message",
    "redirect_url",
    "shipping_address",
    "payment_link_id",
    "payment_source_id",
    "customer_data",
    "created_at",
    "finalized_at",
)

Signing = bool | Literal["keep", "property_substitution"]


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolve(source: Any, path: str) -> Any:
    value = source
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def timestamp_of(event: dict[str, Any]) -> Any:
    return event.get("timestamp", event["signature"].get("timestamp"))


def checksum(event: dict[str, Any], secret: str) -> str:
    values = [_resolve(event.get("data"), path) for path in event["signature"]["properties"]]
    text = "".join(map(_as_text, [*values, timestamp_of(event)])) + secret
    return hashlib.sha256(text.encode()).hexdigest()


def transaction_updated(
    transaction: dict[str, Any], environment: str, secret: str, moment: float, options: EventOptions
) -> dict[str, Any]:
    properties = list(SIGNED_PROPERTIES)
    while options.shuffle_properties and properties == list(SIGNED_PROPERTIES):
        secrets.SystemRandom().shuffle(properties)
    event: dict[str, Any] = {
        "event": "transaction.updated",
        "data": {"transaction": {field: transaction.get(field) for field in TOLD_OF_A_TRANSACTION}},
        "environment": environment,
        "signature": {"properties": properties, "checksum": ""},
        "timestamp": int(moment),
        "sent_at": iso(moment),
    }
    if options.timestamp_inside_signature:
        event["signature"]["timestamp"] = event.pop("timestamp")
    digest = checksum(event, secret if not options.wrong_checksum else SIGNING_SECRET_OF_A_FORGER)
    event["signature"]["checksum"] = digest.upper() if options.uppercase_checksum else digest
    return event


def forge(genuine: dict[str, Any], changes: dict[str, Any], sign: Signing, secret: str) -> dict[str, Any]:
    """The event with `changes` (dotted path → value) made to it, and a checksum that is

    right (`True`), signed with another secret (`False`), still that of the genuine one (`"keep"`), or right by the
    letter though nothing of the transaction is signed any more (`"property_substitution"`: the signed values stand
    beside it, and `signature.properties` names those).
    """
    event = copy.deepcopy(genuine)
    if sign == "property_substitution":
        transaction = event["data"]["transaction"]
        event["data"]["signed"] = {
            path.split(".")[1]: transaction.get(path.split(".")[1]) for path in SIGNED_PROPERTIES
        }
        event["signature"]["properties"] = [path.replace("transaction.", "signed.") for path in SIGNED_PROPERTIES]
        event["signature"]["checksum"] = checksum(event, secret)
    for path, value in changes.items():
        *parents, field = path.split(".")
        target: Any = event
        for parent in parents:
            target = target.setdefault(parent, {})
        target[field] = value
    if isinstance(sign, bool):
        event["signature"]["checksum"] = checksum(event, secret if sign else SIGNING_SECRET_OF_A_FORGER)
    return event


def encode(event: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The very body and headers that are posted, at every attempt the same."""
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return body, {"Content-Type": "application/json", "X-Event-Checksum": str(event["signature"]["checksum"])}
