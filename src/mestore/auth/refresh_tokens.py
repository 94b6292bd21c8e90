"""Refresh tokens: random at sign-in, and each successor derived from its parent.

Because it is derived, a client whose answer was lost can be given the same successor again, and still nothing is stored
but hashes.
"""

import base64
import hashlib
import hmac
import secrets

from mestore.core.settings import AuthSettings


def first() -> str:
    return secrets.token_urlsafe(32)


def successor(settings: AuthSettings, token: str) -> str:
    key = settings.secret.get_secret_value().encode()
    derived = hmac.digest(key, b"refresh-token\n" + token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(derived).decode().rstrip("=")


def hash_of(token: str) -> bytes:
    """256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()
