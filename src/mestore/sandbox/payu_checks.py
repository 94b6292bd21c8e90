"""PayU's refusals: who may call, and what a transaction must be. Pure: nothing here knows the store.

Two texts are known: that of wrong credentials, and the style of a missing property. All others are in that style.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from mestore.sandbox.payu_outcomes import BANKS

COLOMBIA = timezone(timedelta(hours=-5))
CASH_LIMITS = (20_000, 6_000_000)
LONGEST_CASH = timedelta(days=7)
DOCUMENT_TYPES = ("CC", "CE", "CEL", "NIT", "PP", "RC", "TI", "DE", "IDC")
PSE_DOCUMENT_TYPES = ("CC", "CE", "NIT", "TI", "PP", "RC", "DE")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ADDRESS = re.compile(r"https?://\S+")
_PAGE_TIME = "%Y-%m-%d %H:%M:%S"
INVALID_CREDENTIALS = {"es": "Credenciales inválidas", "en": "Invalid credentials", "pt": "Credenciais inválidas"}


class Refusal(Exception):
    """Its text is the answer's `error`."""


def invalid(name: str, message: str) -> Refusal:
    return Refusal(f"property: {name}, message: {message}")


@dataclass(frozen=True)
class Account:
    merchant_id: str
    account_id: str
    login: str
    key: str
    algorithm: str
    confirmation_algorithm: str
    hmac_key: str

    def sign(self, *parts: str) -> str:
        return _digest(self.algorithm, "~".join((self.key, self.merchant_id, *parts)), "")

    def sign_confirmation(self, fields: dict[str, str]) -> str:
        value = two_decimals(fields["value"])
        parts = (fields["merchant_id"], fields["reference_sale"], value, fields["currency"], fields["state_pol"])
        return _digest(self.confirmation_algorithm, "~".join((self.key, *parts)), self.hmac_key)


def _digest(algorithm: str, text: str, key: str) -> str:
    if algorithm == "hmac-sha256":
        return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hashlib.new(algorithm, text.encode()).hexdigest()


def two_decimals(value: str) -> str:
    """As confirmations are signed: the second decimal is left away when it is 0."""
    whole, _, rest = str(Decimal(value).quantize(Decimal("0.01"))).partition(".")
    return f"{whole}.{rest[0]}" if rest[1] == "0" else f"{whole}.{rest}"


def one_decimal(value: str) -> str:
    """As the page is signed to which a buyer comes back."""
    return str(Decimal(value).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN))


def parse(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Refusal("Invalid request format") from None
    if not isinstance(body, dict):
        raise Refusal("Invalid request format")
    return body


def check_caller(body: dict[str, Any], account: Account) -> None:
    merchant = body.get("merchant")
    said = (merchant.get("apiLogin"), merchant.get("apiKey")) if isinstance(merchant, dict) else None
    if not account.key or said != (account.login, account.key):
        raise Refusal(INVALID_CREDENTIALS.get(str(body.get("language")), INVALID_CREDENTIALS["en"]))
    if not isinstance(body.get("test"), bool):
        raise invalid("test", "must be a boolean")


def part(source: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    value = source.get(name)
    if not isinstance(value, dict):
        raise invalid(path, "must not be null")
    return value


def words(source: dict[str, Any], name: str, path: str, *, longest: int = 255) -> str:
    value = source.get(name)
    if value is None or value == "":
        raise invalid(path, "must not be null")
    if not isinstance(value, str) or len(value) > longest:
        raise invalid(path, f"size must be between 1 and {longest}")
    return value


def amount_text(values: dict[str, Any], name: str) -> str:
    """The very text of an amount; Colombia knows no decimals."""
    path = f"order.additionalValues.{name}"
    stated = part(values, name, path)
    value = stated.get("value")
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal) or not re.fullmatch(r"[0-9]{1,12}", text):
        raise invalid(path, "must be a number without decimals")
    if stated.get("currency") != "COP":
        raise invalid(f"{path}.currency", "must be COP")
    return text


def check_order(order: dict[str, Any], account: Account) -> str:
    """Answers the amount's text."""
    if words(order, "accountId", "order.accountId") != account.account_id:
        raise invalid("order.accountId", "account not found")
    reference = words(order, "referenceCode", "order.referenceCode")
    words(order, "description", "order.description")
    words(order, "language", "order.language", longest=2)
    if order.get("notifyUrl") and not ADDRESS.fullmatch(words(order, "notifyUrl", "order.notifyUrl", longest=2048)):
        raise invalid("order.notifyUrl", "must be a valid URL")
    values = part(order, "additionalValues", "order.additionalValues")
    text = amount_text(values, "TX_VALUE")
    signature = words(order, "signature", "order.signature")
    if not hmac.compare_digest(signature.encode(), account.sign(reference, text, "COP").encode()):
        raise invalid("order.signature", "invalid signature")
    taxes = ("TX_TAX", "TX_TAX_RETURN_BASE")
    check_money(text, *(amount_text(values, name) if name in values else "0" for name in taxes))
    check_person(part(order, "buyer", "order.buyer"), "order.buyer")
    return text


def check_money(value: str, tax: str, base: str) -> None:
    if not int(value):
        raise invalid("order.additionalValues.TX_VALUE", "must be greater than 0")
    if int(tax) + int(base) > int(value):
        raise invalid("order.additionalValues.TX_TAX", "tax and base must not exceed the value")


def check_person(person: dict[str, Any], path: str) -> None:
    words(person, "fullName", f"{path}.fullName", longest=150)
    if not EMAIL.fullmatch(words(person, "emailAddress", f"{path}.emailAddress")):
        raise invalid(f"{path}.emailAddress", "must be a valid e-mail address")
    words(person, "contactPhone", f"{path}.contactPhone", longest=20)
    if person.get("dniType") is not None and person["dniType"] not in DOCUMENT_TYPES:
        raise invalid(f"{path}.dniType", f"must be one of {', '.join(DOCUMENT_TYPES)}")


def check_pse(transaction: dict[str, Any]) -> None:
    extra = part(transaction, "extraParameters", "transaction.extraParameters")
    path = "transaction.extraParameters"
    if not ADDRESS.fullmatch(words(extra, "RESPONSE_URL", f"{path}.RESPONSE_URL")):
        raise invalid(f"{path}.RESPONSE_URL", "must be a valid URL")
    allowed = {
        "FINANCIAL_INSTITUTION_CODE": tuple(BANKS),
        "USER_TYPE": ("N", "J"),
        "PSE_REFERENCE2": PSE_DOCUMENT_TYPES,
    }
    for name, choices in allowed.items():
        if words(extra, name, f"{path}.{name}") not in choices:
            raise invalid(f"{path}.{name}", f"must be one of {', '.join(choices)}")
    for name in ("PSE_REFERENCE1", "PSE_REFERENCE3"):
        words(extra, name, f"{path}.{name}")
    for name in ("deviceSessionId", "ipAddress", "cookie", "userAgent"):
        words(transaction, name, f"transaction.{name}", longest=1024)


def cash_expiry(transaction: dict[str, Any], amount: int, now: datetime) -> datetime:
    """Until when a slip can be paid: seven days at most, whatever was asked for."""
    if not CASH_LIMITS[0] <= amount <= CASH_LIMITS[1]:
        raise invalid("order.additionalValues.TX_VALUE", f"must be between {CASH_LIMITS[0]} and {CASH_LIMITS[1]}")
    latest = now + LONGEST_CASH
    if transaction.get("expirationDate") is None:
        return latest
    text = words(transaction, "expirationDate", "transaction.expirationDate")
    try:
        wanted = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=COLOMBIA)
    except ValueError:
        raise invalid("transaction.expirationDate", "must have the format yyyy-MM-ddTHH:mm:ss") from None
    if wanted <= now:
        raise invalid("transaction.expirationDate", "must be in the future")
    return min(wanted, latest)


def checkout_expiry(form: dict[str, str], now: datetime) -> datetime | None:
    """Until when WebCheckout takes a card; None when nobody said."""
    text = form.get("expirationDate")
    if text is None:
        return None
    try:
        wanted = datetime.strptime(text, _PAGE_TIME).replace(tzinfo=COLOMBIA)
    except ValueError:
        wanted = None
    # `strptime` also takes 2026-1-5.
    if wanted is None or wanted.strftime(_PAGE_TIME) != text:
        raise invalid("expirationDate", "must have the format yyyy-MM-dd HH:mm:ss")
    if wanted <= now:
        raise invalid("expirationDate", "must be in the future")
    return wanted


def luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[0::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0
