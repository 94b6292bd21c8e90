"""Whether an announcement is its carrier's: HMAC-SHA256 of the raw body, with the secret that both know."""

import hashlib
import hmac

from mestore.core.market_settings import CARRIER_OF_DEVELOPMENT
from mestore.core.metrics import webhook_refusals
from mestore.core.settings import Environment, Settings
from mestore.tracking.errors import WrongCarrierSignature

HEADER = "X-Carrier-Signature"


def sign(secret: str, raw: bytes) -> str:
    """The header's value: `sha256=` and 64 hexadecimal digits."""
    return f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"


def verify(settings: Settings, carrier: str, raw: bytes, signature: str | None) -> None:
    """Raises:
    WrongCarrierSignature: it is another's, or nothing is known by which this carrier could sign.
    """
    secret = secrets_of(settings).get(carrier)
    right = sign(secret, raw) if secret else ""
    if not secret or not hmac.compare_digest(right.encode(), (signature or "").strip().encode()):
        webhook_refusals.labels("carrier").inc()
        raise WrongCarrierSignature


def secrets_of(settings: Settings) -> dict[str, str]:
    known = settings.carriers.secrets
    if known is None:
        known = {} if settings.environment is Environment.PRODUCTION else CARRIER_OF_DEVELOPMENT
    return {name: secret.get_secret_value() for name, secret in known.items()}
