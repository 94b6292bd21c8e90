"""What a shop may send a buyer to Wompi's checkout page with. Pure: nothing here knows the store."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mestore.sandbox.wompi_checks import (
    EMAIL_SHAPE,
    MISSING,
    Keys,
    check_money,
    check_signature,
    check_terms,
    invalid,
)

REQUIRED = ("public-key", "currency", "amount-in-cents", "reference", "signature:integrity")
TERMS = ("redirect-url", "expiration-time")
TAXES = {"tax-in-cents:vat": "VAT", "tax-in-cents:consumption": "CONSUMPTION"}
CUSTOMER = "customer-data:"
CUSTOMER_FIELDS = ("email", "full-name", "phone-number", "phone-number-prefix", "legal-id", "legal-id-type")
LEGAL_ID_TYPES = ("CC", "CE", "NIT", "PP", "TI", "DNI", "RG", "OTHER")
SHIPPING = "shipping-address:"
SHIPPING_REQUIRED = ("address-line-1", "country", "city", "phone-number", "region")
SHIPPING_FIELDS = (*SHIPPING_REQUIRED, "address-line-2", "name", "postal-code")
COLLECTED = ("collect-shipping", "collect-customer-legal-id")
KNOWN = {
    *REQUIRED,
    *TERMS,
    *TAXES,
    *COLLECTED,
    *(CUSTOMER + field for field in CUSTOMER_FIELDS),
    *(SHIPPING + field for field in SHIPPING_FIELDS),
}


def check_checkout(query: Sequence[tuple[str, str]], keys: Keys, now: float) -> dict[str, Any]:
    """The body of the transaction that would come of it, without the means of payment.

    Wompi passes over names that it does not know; here they are refused, for they are misspelt.
    """
    said = dict(query)
    for name, value in query:
        if name not in KNOWN or not value or [each for each, _ in query].count(name) > 1:
            raise invalid("Formato inválido", name)
    for name in REQUIRED:
        if name not in said:
            raise invalid(MISSING, name)
    keys.require_public(said["public-key"])
    customer = _part(said, CUSTOMER)
    shipping = _part(said, SHIPPING)
    body: dict[str, Any] = {
        "amount_in_cents": _whole(said, "amount-in-cents"),
        "currency": said["currency"],
        "reference": said["reference"],
        "signature": said["signature:integrity"],
        "redirect_url": said.get("redirect-url"),
        "expiration_time": said.get("expiration-time"),
        "customer_email": customer.pop("email", None),
        "customer_data": customer or None,
        "shipping_address": shipping or None,
        "taxes": [
            {"type": kind, "amount_in_cents": _whole(said, name)} for name, kind in TAXES.items() if name in said
        ],
    }
    check_money(body)
    check_terms(body)
    _check_people(body)
    check_signature(body, keys.integrity)
    if body["expiration_time"] and datetime.fromisoformat(body["expiration_time"]).timestamp() <= now:
        raise invalid("La fecha límite para pagar ya pasó", "expiration-time")
    return body


def _part(said: dict[str, str], prefix: str) -> dict[str, Any]:
    """`customer-data:full-name` as `full_name`, which is how a transaction says it."""
    return {
        name.removeprefix(prefix).replace("-", "_"): value for name, value in said.items() if name.startswith(prefix)
    }


def _whole(said: dict[str, str], name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,13}", said[name]):
        raise invalid("debe ser integer", name)
    return int(said[name])


def _check_people(body: dict[str, Any]) -> None:
    if body["customer_email"] is not None and not EMAIL_SHAPE.fullmatch(body["customer_email"]):
        raise invalid('debe coincidir con el formato "email"', f"{CUSTOMER}email")
    kind = (body["customer_data"] or {}).get("legal_id_type", LEGAL_ID_TYPES[0])
    if kind not in LEGAL_ID_TYPES:
        text = f"debe ser igual a uno de los valores predefinidos: {', '.join(LEGAL_ID_TYPES)}"
        raise invalid(text, f"{CUSTOMER}legal-id-type")
    for field in SHIPPING_REQUIRED if body["shipping_address"] else ():
        if field.replace("-", "_") not in body["shipping_address"]:
            raise invalid(MISSING, SHIPPING + field)
