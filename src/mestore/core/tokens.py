"""Access tokens: short-lived JWTs that say who calls and in which session; what they may do is read at each request.

Each names the key that signed it (`kid`), so that a key can be changed: what the one before signed is good until it
expires. A token chooses among our keys only, and never its algorithm.
"""

import functools
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from mestore.core.ids import SessionId, UserId, new_uuid
from mestore.core.settings import AuthSettings

SCOPE_KEY = "access_token"
"""Where in a request's scope a token lies that was read already, so that nobody reads it twice."""

_ALGORITHM = "HS256"
_REQUIRED = ["iss", "aud", "sub", "jti", "iat", "exp", "typ", "sid"]
_LEEWAY = timedelta(seconds=30)
_MOST_REMEMBERED = 4_096


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
    keys = tuple(secret.get_secret_value() for secret in (settings.secret, *settings.previous_secrets))
    signed = _signed(token, keys, settings.issuer, settings.audience)
    moment, leeway = now.timestamp(), _LEEWAY.total_seconds()
    longest = settings.access_minutes * 60 + leeway
    if not signed.issued - leeway <= moment < signed.expires or signed.expires - signed.issued > longest:
        raise BadToken
    return signed.token


@dataclass(frozen=True)
class _Signed:
    """What never changes of a token: whether it is still good is asked at each reading."""

    token: AccessToken
    issued: int
    expires: int


@functools.lru_cache(_MOST_REMEMBERED)
def _signed(token: str, keys: tuple[str, ...], issuer: str, audience: str) -> _Signed:
    """The same token comes with each request of an hour. Only what one of these keys signed is remembered."""
    try:
        claims = _claims(token, keys, issuer, audience)
        issued, expires = _seconds(claims["iat"]), _seconds(claims["exp"])
        token_read = AccessToken(UserId(UUID(claims["sub"])), SessionId(UUID(claims["sid"])))
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, AttributeError, RecursionError) as error:
        raise BadToken from error
    if claims["typ"] != "access":
        raise BadToken
    return _Signed(token_read, issued, expires)


def _claims(token: str, keys: tuple[str, ...], issuer: str, audience: str) -> dict[str, Any]:
    """What the key of ours that a token names has signed."""
    for key in keys:
        try:
            read = jwt.decode_complete(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=audience,
                issuer=issuer,
                # The times are compared at each reading, with the clock that was handed in.
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.InvalidSignatureError:
            continue
        if read["header"].get("kid") == key_id(key):
            claims: dict[str, Any] = read["payload"]
            return claims
    raise BadToken


def _seconds(claim: object) -> int:
    """A whole number of seconds: PyJWT takes texts and fractions too."""
    if type(claim) is not int:
        raise TypeError("a time that is no whole number")
    return claim
