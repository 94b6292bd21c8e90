"""The token of a link that resets a password: 32 bytes, of which only a hash is kept.

Like a one-time code it is derived from a key and random bytes, so that the job that mails it can compute it again after
a crash and a second copy of a letter says what the first said (fault K13).
"""

import base64
import hashlib
import hmac
import secrets

from mestore.auth.models import PasswordReset
from mestore.core.settings import AuthSettings

_SALT_BYTES = 32


def draw(settings: AuthSettings) -> tuple[bytes, bytes]:
    """The salt and hash of a new token."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt, hash_of(_token(settings.secret.get_secret_value(), salt))


def read(settings: AuthSettings, stored: PasswordReset) -> str | None:
    """The token to mail; None when its key was given up meanwhile."""
    for secret in (settings.secret, *settings.previous_secrets):
        token = _token(secret.get_secret_value(), stored.salt)
        if hmac.compare_digest(hash_of(token), stored.token_hash):
            return token
    return None


def hash_of(token: str) -> bytes:
    """256 bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def _token(secret: str, salt: bytes) -> str:
    derived = hmac.digest(secret.encode(), b"password-reset\n" + salt, hashlib.sha256)
    return base64.urlsafe_b64encode(derived).decode().rstrip("=")
