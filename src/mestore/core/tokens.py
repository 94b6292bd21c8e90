"""Access tokens: short-lived JWTs that say who calls and in which session; what they may do is read at each request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from mestore.core.ids import SessionId, UserId, new_uuid
from mestore.core.settings import AuthSettings

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
    return jwt.encode(claims, settings.secret.get_secret_value(), _ALGORITHM)


def read(settings: AuthSettings, token: str, now: datetime) -> AccessToken:
    """Who a token speaks for.

    Raises:
        BadToken: another signature or algorithm, a missing claim, another kind of token, expired, or valid for too
        long.
    """
    try:
        claims = jwt.decode(
            token,
            settings.secret.get_secret_value(),
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


def _seconds(claim: object) -> int:
    """A whole number of seconds: PyJWT takes texts and fractions too."""
    if type(claim) is not int:
        raise TypeError("a time that is no whole number")
    return claim
