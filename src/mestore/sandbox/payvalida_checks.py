"""Payválida's refusals: what an order's body must be, and whose checksum it must bear. Pure: without the store.

Codes are those of its page of exceptions; business refusals are answered with status 200.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from mestore.sandbox.acting import Impossible

COLOMBIA = timezone(timedelta(hours=-5))
LONGEST_DAYS = 30
TEXTS = {
    "0009": "Error al procesar los datos",
    "0011": "Contenido inválido",
    "0017": "Comercio inválido",
    "0021": "Monto inválido",
    "0022": "País inválido",
    "0023": "Moneda inválida",
    "0024": "El tiempo de vida debe estar entre 30 minutos y 30 días",
    "0025": "Checksum inválido",
    "0027": "Método de pago inválido",
    "0029": "La descripción está vacía",
    "0031": "Formato de fecha inválido",
    "0032": "La fecha es anterior a la actual",
    "0041": "No se encontraron resultados",
    "0042": "El identificador de la orden ya existe",
    "0043": "Ya existe una orden activa con la misma referencia de pago",
}

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ORDER = re.compile(r"[0-9A-Za-z]{1,200}")
_TEXT = re.compile(r"[0-9A-Za-zÁÉÍÓÚÜÑáéíóúüñ ]{1,250}")
_AMOUNT = re.compile(r"0|[1-9][0-9]{0,11}")
_REFERENCE = re.compile(r"[0-9]{1,25}")
_DATE = re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}")
_OPTIONAL = {"reference": 25, "method": 25, "language": 5, "iva": 5, "user_di": 15, "user_type_di": 3, "user_name": 25}
_KNOWN = {
    "merchant",
    "email",
    "country",
    "order",
    "money",
    "amount",
    "description",
    "recurrent",
    "expiration",
    "checksum",
}


class Refusal(Impossible):
    """In Payválida's own words, also to an action that meets it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} {TEXTS[code]}")
        self.code = code
        self.text = TEXTS[code]


@dataclass(frozen=True)
class Account:
    merchant: str
    fixed_hash: str
    notification_hash: str


def sha512(*parts: Any) -> str:
    return hashlib.sha512("".join(map(str, parts)).encode()).hexdigest()


def notification_checksum(order: str, status: str, secret: str) -> str:
    return hashlib.sha256((order + status + secret).encode()).hexdigest()


def check_checksum(said: Any, *parts: Any) -> None:
    """Public clients send the hexadecimal in capitals or not."""
    if not isinstance(said, str) or not hmac.compare_digest(said.lower().encode(), sha512(*parts).encode()):
        raise Refusal("0025")


def parse_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
        json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        raise Refusal("0011") from None
    if not isinstance(body, dict):
        raise Refusal("0011")
    return body


def check_order(body: dict[str, Any], account: Account, now: float) -> None:
    """The form of the body, then its checksum; the first fault found is the only one told."""
    if set(body) - _KNOWN - set(_OPTIONAL) - {"redirect_timeout", "shortener"}:
        raise Refusal("0011")
    for field, longest in {"email": 100, "order": 200, **_OPTIONAL}.items():
        value = body.get(field)
        if value is None and field in _OPTIONAL:
            continue
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise Refusal("0011")
    if not _EMAIL.fullmatch(body["email"]) or not _ORDER.fullmatch(body["order"]):
        raise Refusal("0011")
    if body.get("recurrent") is not False or not _REFERENCE.fullmatch(body.get("reference", "1")):
        raise Refusal("0011")
    _check_values(body, account)
    last_moment(body.get("expiration"), now)
    check_checksum(
        body.get("checksum"),
        *(body[field] for field in ("email", "country", "order", "money", "amount")),
        account.fixed_hash,
    )


def _check_values(body: dict[str, Any], account: Account) -> None:
    amount, description = body.get("amount"), body.get("description")
    if body.get("merchant") != account.merchant:
        raise Refusal("0017")
    if type(body.get("country")) is not int or body["country"] != 343:
        raise Refusal("0022")
    if body.get("money") != "COP":
        raise Refusal("0023")
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        raise Refusal("0021")
    if body.get("method", "efecty") != "efecty":
        raise Refusal("0027")
    if not description:
        raise Refusal("0029")
    if not isinstance(description, str) or not _TEXT.fullmatch(description):
        raise Refusal("0011")


def last_moment(text: Any, now: float) -> float:
    """The end of the day that `expiration` names, in Colombia."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise Refusal("0031")
    try:
        day = date(int(text[6:]), int(text[3:5]), int(text[:2]))
    except ValueError:
        raise Refusal("0031") from None
    today = datetime.fromtimestamp(now, UTC).astimezone(COLOMBIA).date()
    if day < today:
        raise Refusal("0032")
    if day > today + timedelta(days=LONGEST_DAYS):
        raise Refusal("0024")
    return datetime(day.year, day.month, day.day, tzinfo=COLOMBIA).timestamp() + 86_400
