"""Wompi's refusals: who may call, and what a transaction's body must be. Pure: nothing here knows the store.

The texts that are documented or were measured are used word by word; where Wompi's own text is not known, the Spanish
of the JSON-schema validator whose style it has.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MINIMUM_IN_CENTS = 150_000
MAXIMUM_IN_CENTS = 10**12
LEGAL_ID_TYPES = ("RC", "TI", "CC", "TE", "CE", "NIT", "PP", "DNI", "PPT", "PA")
REDIRECT_METHODS = ("PSE", "BANCOLOMBIA_TRANSFER")

MISSING = "No está presente"
KEY_SHAPE = re.compile(r"(pub|prv)_(test|prod)_\w+")
EMAIL_SHAPE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CARD_NUMBER_PATTERN = r"^\d{12,19}$"


class Refusal(Exception):
    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.error = error


def invalid(text: str, *path: str) -> Refusal:
    messages: Any = [text]
    for field in reversed(path):
        messages = {field: messages}
    return Refusal(422, {"type": "INPUT_VALIDATION_ERROR", "messages": messages})


def unprocessable(reason: str) -> Refusal:
    return Refusal(422, {"type": "UNPROCESSABLE", "reason": reason})


def not_found() -> Refusal:
    return Refusal(404, {"type": "NOT_FOUND_ERROR", "reason": "La entidad solicitada no existe"})


def merchant_not_found(key: str) -> Refusal:
    reason = f"Comercio con llave {key} no encontrado"
    return Refusal(404, {"type": "NOT_FOUND", "reason": reason, "code": "MERCHANT_NOT_FOUND"})


def _token_refused(status: int, reason: str) -> Refusal:
    return Refusal(status, {"type": "INVALID_ACCESS_TOKEN", "reason": reason})


@dataclass(frozen=True)
class Keys:
    public: str
    private: str
    integrity: str
    events: str
    environment: str

    def present(self, key: str | None) -> str:
        """The key, once it has the form of a key of this environment."""
        if not key:
            raise _token_refused(401, "Se esperaba una llave pública o privada pero no se recibió ninguna")
        shape = KEY_SHAPE.fullmatch(key)
        if shape is None or shape[2] != self.environment:
            reason = f"La llave proporcionada no corresponde a este ambiente, se recibió: {key}"
            raise _token_refused(401, reason)
        return key

    def require_private(self, key: str | None) -> None:
        if self.present(key) != self.private:
            raise _token_refused(401, "Llave no válida")

    def require_public_or_private(self, key: str | None) -> None:
        if self.present(key) not in {self.public, self.private}:
            raise _token_refused(401, "Llave no válida")

    def require_public(self, key: str | None) -> None:
        if (present := self.present(key)) != self.public:
            raise merchant_not_found(present)

    def require_reader(self, key: str | None) -> None:
        """A transaction is the merchant's secret: without the private key it does not exist."""
        if not key or key == self.public:
            raise not_found()
        if self.present(key) != self.private:
            raise _token_refused(403, "El token no tiene suficientes permisos")


def bearer(authorization: str | None) -> str | None:
    scheme, _, key = (authorization or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def parse_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
        json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        raise invalid("Formato inválido", "body") from None
    if not isinstance(body, dict):
        raise invalid("debe ser object", "body")
    return body


def integrity_signature(
    reference: str, amount_in_cents: int, currency: str, secret: str, expiration_time: str = ""
) -> str:
    return hashlib.sha256(f"{reference}{amount_in_cents}{currency}{expiration_time}{secret}".encode()).hexdigest()


def check_signature(body: dict[str, Any], secret: str) -> None:
    signature = body.get("signature")
    if signature is None:
        raise invalid("Firma de integridad requerida no enviada", "signature")
    expected = integrity_signature(
        body["reference"], body["amount_in_cents"], body["currency"], secret, body.get("expiration_time") or ""
    )
    if not isinstance(signature, str) or not hmac.compare_digest(signature.encode(), expected.encode()):
        raise invalid("La firma es inválida", "signature")


def luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[0::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def text_in(
    source: dict[str, Any], *path: str, longest: int = 255, shortest: int = 1, pattern: str | None = None
) -> str:
    value = source.get(path[-1])
    if value is None:
        raise invalid(MISSING, *path)
    if not isinstance(value, str):
        raise invalid("debe ser string", *path)
    if len(value) < shortest:
        raise invalid(f"no debe contener menos de {shortest} caracteres", *path)
    if len(value) > longest:
        raise invalid(f"no debe contener más de {longest} caracteres", *path)
    if pattern and not re.search(pattern, value, re.ASCII):
        raise invalid(f'debe coincidir con el patron "{pattern}"', *path)
    return value


def _one_of(source: dict[str, Any], allowed: tuple[Any, ...], *path: str) -> None:
    value = source.get(path[-1])
    if value is None:
        raise invalid(MISSING, *path)
    if not any(type(value) is type(choice) and value == choice for choice in allowed):
        raise invalid(f"debe ser igual a uno de los valores predefinidos: {', '.join(map(str, allowed))}", *path)


def check_card(body: dict[str, Any], today: datetime) -> None:
    number = text_in(body, "number", pattern=CARD_NUMBER_PATTERN)
    if not luhn(number):
        raise invalid("El número de tarjeta es inválido. Luhn check falló.", "number")
    text_in(body, "cvc", pattern=r"^\d{3,4}$")
    month = text_in(body, "exp_month", pattern=r"^(0[1-9]|1[0-2])$")
    year = text_in(body, "exp_year", pattern=r"^\d{2}$")
    if (2000 + int(year), int(month)) < (today.year, today.month):
        raise invalid("La tarjeta está vencida", "exp_year")
    text_in(body, "card_holder", shortest=5)


def check_transaction(body: dict[str, Any]) -> None:
    """The form of the whole body; the first fault found is the only one told, as Wompi does it."""
    check_money(body)
    if not EMAIL_SHAPE.fullmatch(text_in(body, "customer_email")):
        raise invalid('debe coincidir con el formato "email"', "customer_email")
    check_terms(body)
    for field in ("customer_data", "shipping_address"):
        if not isinstance(body.get(field), dict | None):
            raise invalid("debe ser object", field)
    _check_payment_method(body)


def check_money(body: dict[str, Any]) -> None:
    amount = body.get("amount_in_cents")
    if amount is None:
        raise invalid(MISSING, "amount_in_cents")
    if type(amount) is not int:
        raise invalid("debe ser integer", "amount_in_cents")
    if amount < MINIMUM_IN_CENTS:
        raise invalid(f"debe ser >= {MINIMUM_IN_CENTS}", "amount_in_cents")
    if amount > MAXIMUM_IN_CENTS:
        raise invalid(f"debe ser <= {MAXIMUM_IN_CENTS}", "amount_in_cents")
    _one_of(body, ("COP",), "currency")


def check_terms(body: dict[str, Any]) -> None:
    """For which payment, until when, and where its buyer goes afterwards."""
    text_in(body, "reference")
    if body.get("expiration_time") is not None:
        _check_expiration(text_in(body, "expiration_time"))
    if body.get("redirect_url") is not None:
        text_in(body, "redirect_url", longest=2_048, pattern=r"^https?://\S+$")


def _check_expiration(text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not text.endswith("Z"):
        raise invalid('debe coincidir con el formato "date-time"', "expiration_time")


def _check_payment_method(body: dict[str, Any]) -> None:
    method = body.get("payment_method")
    if body.get("payment_source_id") is not None:
        raise not_found()  # the flow makes no payment sources, so none exists
    if method is None:
        raise unprocessable("No se especificó método de pago o fuente de pago")
    if not isinstance(method, dict):
        raise invalid("debe ser object", "payment_method")
    _one_of(method, tuple(METHOD_CHECKS), "payment_method", "type")
    kind = method["type"]
    if body.get("payment_method_type") not in {None, kind}:
        raise invalid(f"debe ser igual a {kind}", "payment_method_type")
    METHOD_CHECKS[kind](method)
    if kind == "PSE":
        customer = body.get("customer_data")
        if customer is None:
            raise invalid(MISSING, "customer_data")
        text_in(customer, "customer_data", "full_name")
        text_in(customer, "customer_data", "phone_number", longest=20)
    if kind in REDIRECT_METHODS and not body.get("redirect_url"):
        raise invalid(MISSING, "redirect_url")


def _check_card_method(method: dict[str, Any]) -> None:
    text_in(method, "payment_method", "token", pattern=r"^tok_(test|prod)_\w+$")
    installments = method.get("installments", 1)
    if type(installments) is not int or not 1 <= installments <= 36:
        raise invalid("debe ser integer entre 1 y 36", "payment_method", "installments")


def _check_nequi(method: dict[str, Any]) -> None:
    text_in(method, "payment_method", "phone_number", pattern=r"^\d{10}$")


def _check_pse(method: dict[str, Any]) -> None:
    text_in(method, "payment_method", "payment_description", longest=64)
    _one_of(method, (0, 1), "payment_method", "user_type")
    text_in(method, "payment_method", "user_legal_id", longest=20)
    _one_of(method, LEGAL_ID_TYPES, "payment_method", "user_legal_id_type")
    text_in(method, "payment_method", "financial_institution_code", longest=10)


def _check_bancolombia_transfer(method: dict[str, Any]) -> None:
    _one_of(method, ("PERSON",), "payment_method", "user_type")
    text_in(method, "payment_method", "payment_description", longest=64, pattern=r"^[^']+$")


METHOD_CHECKS = {
    "CARD": _check_card_method,
    "NEQUI": _check_nequi,
    "PSE": _check_pse,
    "BANCOLOMBIA_TRANSFER": _check_bancolombia_transfer,
}
