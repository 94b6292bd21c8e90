"""Refresh tokens: random at sign-in, and each successor derived from its parent.

Because it is derived, a client whose answer was lost can be given the same successor again, and still nothing is stored
but hashes.
"""

import base64
import hashlib
import hmac
import secrets

from pydantic import SecretStr

from mestore.core.settings import AuthSettings


def first() -> str:
    return secrets.token_urlsafe(32)


def successor(settings: AuthSettings, token: str) -> str:
    return _derived(settings.secret, token)


def known_successor(settings: AuthSettings, token: str, stored_hash: bytes) -> str | None:
    """The successor that a token was given before, maybe under a key that was changed since."""
    for secret in (settings.secret, *settings.previous_secrets):
        derived = _derived(secret, token)
        if hmac.compare_digest(hash_of(derived), stored_hash):
            return derived
    return None


def hash_of(token: str) -> bytes:
    """256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def _derived(secret: SecretStr, token: str) -> str:
    derived = hmac.digest(secret.get_secret_value().encode(), b"refresh-token\n" + token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(derived).decode().rstrip("=")
