"""The six digits of an authenticator application (TOTP, RFC 6238), and how its secret is kept.

The secret is needed in plain to compute a code, so it is encrypted rather than hashed, under a key that comes from
`auth.secret`; each use encrypts it anew under the present one, so that old ones can be given up.
"""

import base64
import hashlib
import hmac
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from mestore.core.settings import AuthSettings

_ISSUER = "MeStore"
_STEP_SECONDS = 30
_DRIFT = (0, -1, 1)
"""Steps by which somebody's clock may differ from ours."""


def new_secret() -> str:
    return pyotp.random_base32()


def url(secret: str, email: str) -> str:
    """What the application reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def step_of(secret: str, code: str, moment: datetime) -> int | None:
    """The step of thirty seconds that a code belongs to, if it is one of around now."""
    now = int(moment.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (now + drift for drift in _DRIFT):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def encrypt(settings: AuthSettings, secret: str) -> bytes:
    return _cipher(settings).encrypt(secret.encode())


def decrypt(settings: AuthSettings, kept: bytes) -> str | None:
    """None when its key was given up."""
    try:
        return _cipher(settings).decrypt(kept).decode()
    except InvalidToken:
        return None


def _cipher(settings: AuthSettings) -> MultiFernet:
    return MultiFernet([_key(secret) for secret in (settings.secret, *settings.previous_secrets)])


def _key(secret: SecretStr) -> Fernet:
    derived = hmac.digest(secret.get_secret_value().encode(), b"authenticator-secret", hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(derived))
