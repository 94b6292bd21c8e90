"""By what a guest's cart is known: 32 random bytes, of which only a hash is kept."""

import hashlib
import secrets


def draw() -> str:
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()
