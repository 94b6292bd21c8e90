"""Six-digit codes: drawn at random, kept only as hashes, and the same again when a letter has to leave a second time.

A code comes, like those of RFC 4226, from a secret key and a number: here 16 random bytes, made anew for each code.
What is stored (those bytes, and a keyed hash of the code) tells nobody the code who has not the key; but the job that
mails it can compute it again after a crash, so that a second copy of a letter says what the first said (fault K13).
"""

import hashlib
import hmac
import secrets

from mestore.auth.models import OtpCode, OtpPurpose
from mestore.core.ids import UserId
from mestore.core.settings import AuthSettings

SALT_BYTES = 16


def draw(settings: AuthSettings, user_id: UserId, purpose: OtpPurpose) -> bytes:
    """A new code, as it is stored."""
    salt = secrets.token_bytes(SALT_BYTES)
    return salt + hash_of(settings, user_id, purpose, _code(settings, salt))


def read(settings: AuthSettings, stored: OtpCode) -> str:
    """The code to mail."""
    return _code(settings, stored.code_hash[:SALT_BYTES])


def hash_of(settings: AuthSettings, user_id: UserId, purpose: OtpPurpose, code: str) -> bytes:
    """What a right guess hashes to. It is keyed: six digits alone are soon tried through."""
    return _keyed(settings, b"otp-hash", user_id.bytes, purpose.encode(), code.encode())


def _code(settings: AuthSettings, salt: bytes) -> str:
    return f"{int.from_bytes(_keyed(settings, b'otp-code', salt)) % 1_000_000:06}"


def _keyed(settings: AuthSettings, *parts: bytes) -> bytes:
    return hmac.digest(settings.secret.get_secret_value().encode(), b"\n".join(parts), hashlib.sha256)
