"""Access tokens: short-lived JWTs that say who calls and in which session; what they may do is read at each request.

Each names the key that signed it (`kid`), so that a key can be changed: what the one before signed is good until it
expires. A token chooses among our keys only, and never its algorithm.
"""

import functools
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from mestore.core.ids import SessionId, UserId, new_uuid
from mestore.core.settings import AuthSettings

SCOPE_KEY = "access_token"
"""Where in a request's scope a token lies that was read already, so that nobody reads it twice."""

_ALGORITHM = "HS256"
_REQUIRED = ["iss", "aud", "sub", "jti", "iat", "exp", "typ", "sid"]
_LEEWAY = timedelta(seconds=30)


class BadToken(Exception):
    """Not a token of ours, or no longer valid."""


@dataclass(frozen=True)
class AccessToken:
    user_id: UserId
    session_id: SessionId


def issue(settings: AuthSettings, user_id: UserId, session_id: SessionId, now: datetime) -> str:
    """A token for one session, valid for `access_minutes` from `now`."""
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": str(user_id),
        "sid": str(session_id),
        "jti": str(new_uuid()),
        "typ": "access",
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=settings.access_minutes)).timestamp()),
    }
    secret = settings.secret.get_secret_value()
    return jwt.encode(claims, secret, _ALGORITHM, headers={"kid": key_id(secret)})


@functools.cache
def key_id(secret: str) -> str:
    """The name of a key: it tells which of ours it is, and nothing of the key."""
    return hashlib.sha256(b"key-id\n" + secret.encode()).hexdigest()[:16]


def read(settings: AuthSettings, token: str, now: datetime) -> AccessToken:
    """Who a token speaks for.

    Raises:
        BadToken: another key, signature or algorithm, a missing claim, another kind of token, expired, or valid for too
        long.
    """
    try:
        claims = jwt.decode(
            token,
            _key_of(settings, token),
            algorithms=[_ALGORITHM],
            audience=settings.audience,
            issuer=settings.issuer,
            # The times are compared below, with the clock that was handed in.
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        issued, expires = _seconds(claims["iat"]), _seconds(claims["exp"])
        token_read = AccessToken(UserId(UUID(claims["sub"])), SessionId(UUID(claims["sid"])))
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, AttributeError, RecursionError) as error:
        raise BadToken from error
    moment, leeway = now.timestamp(), _LEEWAY.total_seconds()
    longest = settings.access_minutes * 60 + leeway
    if claims["typ"] != "access" or not issued - leeway <= moment < expires or expires - issued > longest:
        raise BadToken
    return token_read


def _key_of(settings: AuthSettings, token: str) -> str:
    """Which of our keys a token says that it was signed with."""
    name = jwt.get_unverified_header(token).get("kid")
    for secret in (settings.secret, *settings.previous_secrets):
        if key_id(secret.get_secret_value()) == name:
            return secret.get_secret_value()
    raise BadToken


def _seconds(claim: object) -> int:
    """A whole number of seconds: PyJWT takes texts and fractions too."""
    if type(claim) is not int:
        raise TypeError("a time that is no whole number")
    return claim
