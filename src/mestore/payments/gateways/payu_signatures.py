"""PayU's three signatures: digests over `apiKey~merchantId~reference~value~currency[~state]`.

They differ in how the value is written, and in little else. Of a whole amount, the signature of the page to which a
buyer comes back is also one of a confirmation: who has paid could post confirmations of that payment with whatever
else in them. Therefore nothing but what is signed is ever read of one, and even that is only a hint.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from mestore.core.payu_settings import PayuSettings

SIGNED = ("merchant_id", "reference_sale", "value", "currency", "state_pol")
_VALUE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")


def digest(text: str, algorithm: str, hmac_key: str = "") -> str:
    """In lower case. `algorithm` is `md5`, `sha1`, `sha256` or `hmac-sha256`, which alone has a key."""
    if algorithm == "hmac-sha256":
        return hmac.new(hmac_key.encode(), text.encode(), "sha256").hexdigest()
    return hashlib.new(algorithm, text.encode()).hexdigest()


def request(reference: str, value: str, currency: str, settings: PayuSettings) -> str:
    """Of a transaction or a WebCheckout form. `value` is the very text that is sent."""
    return digest(_glued(settings, settings.merchant_id, reference, value, currency), settings.algorithm)


def confirmation_value(value: str) -> str:
    """Two decimals, the second dropped when it is zero: `150.00` → `150.0`, `150.25` → `150.25`."""
    text = f"{Decimal(value):.2f}"
    return text.removesuffix("0")


def page_value(value: str) -> str:
    """One decimal, half to even: `150.25` → `150.2`, `150.35` → `150.4`."""
    return str(Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_EVEN))


def confirmation(fields: Mapping[str, str], settings: PayuSettings) -> str:
    """Of the five SIGNED fields of a confirmation."""
    merchant, reference, value, currency, state = (fields[name] for name in SIGNED)
    text = _glued(settings, merchant, reference, confirmation_value(value), currency, state)
    return digest(text, settings.confirmation_algorithm, settings.hmac_key.get_secret_value())


def confirmation_is_genuine(fields: Mapping[str, str], settings: PayuSettings) -> bool:
    """Whether a confirmation of our merchant is PayU's, in either case. False for anything of another shape."""
    sign = fields.get("sign", "")
    if not settings.merchant_id or not settings.api_key.get_secret_value() or not sign.isascii():
        return False
    if fields.get("merchant_id") != settings.merchant_id or not all(fields.get(name) for name in SIGNED):
        return False
    if any("~" in fields[name] for name in SIGNED) or not _VALUE.fullmatch(fields["value"]):
        return False
    return hmac.compare_digest(confirmation(fields, settings), sign.lower())


def page_is_genuine(query: Mapping[str, str], settings: PayuSettings) -> bool:
    """Whether the address to which a buyer came back was made by PayU. It informs the buyer, and settles nothing."""
    names = ("merchantId", "referenceCode", "TX_VALUE", "currency", "transactionState", "signature")
    if not settings.api_key.get_secret_value() or not all(query.get(name) for name in names):
        return False
    merchant, reference, value, currency, state, signature = (query[name] for name in names)
    if merchant != settings.merchant_id or not _VALUE.fullmatch(value) or not signature.isascii():
        return False
    text = _glued(settings, merchant, reference, page_value(value), currency, state)
    return hmac.compare_digest(digest(text, settings.algorithm), signature.lower())


def _glued(settings: PayuSettings, *parts: str) -> str:
    return "~".join((settings.api_key.get_secret_value(), *parts))
