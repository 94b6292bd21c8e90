"""Who calls: recognises an access token and reads its user, fresh, at each request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mestore.core import tokens
from mestore.core.database import Session
from mestore.core.settings import Environment
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType
from mestore.users.models import User, UserSession, UserType
from mestore.users.repository import UserRepository

_bearer = HTTPBearer(auto_error=False, description="The `access_token` of `POST /api/v1/auth/login`.")


async def access_token(
    request: Request,
    settings: CurrentSettings,
    now: Clock,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> tokens.AccessToken:
    if credentials is None:
        raise NotSignedIn
    if (known := request.scope.get(tokens.SCOPE_KEY)) is not None:
        return cast("tokens.AccessToken", known)
    try:
        return tokens.read(settings.auth, credentials.credentials, now())
    except tokens.BadToken as error:
        raise NotSignedIn from error


CurrentToken = Annotated[tokens.AccessToken, Depends(access_token)]


@dataclass(frozen=True)
class SignedIn:
    user: User
    session: UserSession


async def signed_in(request: Request, token: CurrentToken, session: Session) -> SignedIn:
    found = await UserRepository(session).signed_in(token.user_id, token.session_id)
    if found is None:
        raise NotSignedIn
    request.scope["user_id"] = token.user_id
    return SignedIn(*found)


CurrentSession = Annotated[SignedIn, Depends(signed_in)]


async def current_user(caller: CurrentSession) -> User:
    return caller.user


CurrentUser = Annotated[User, Depends(current_user)]


def _of(*kinds: UserType) -> Callable[[User], Awaitable[User]]:
    async def only(user: CurrentUser) -> User:
        if user.user_type not in kinds:
            raise WrongAccountType
        return user

    return only


CurrentBuyer = Annotated[User, Depends(_of(UserType.BUYER, UserType.VENDOR))]
"""Somebody who may buy: a vendor is also a buyer."""

CurrentVendor = Annotated[User, Depends(_of(UserType.VENDOR))]

STAFF = (UserType.ADMIN, UserType.SUPERUSER)


async def _staff(
    user: Annotated[User, Depends(_of(*STAFF))], caller: CurrentSession, settings: CurrentSettings
) -> User:
    if settings.environment is Environment.PRODUCTION and not caller.session.second_factor:
        raise SecondFactorNeeded
    return user


CurrentAdmin = Annotated[User, Depends(_staff)]
"""An administrator or the owner; in production only with a second factor."""


def letter_language(request: Request) -> str:
    """Spanish, the language of this market, unless the reader's first language is English."""
    return "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "es"


LetterLanguage = Annotated[str, Depends(letter_language)]
"""In which language somebody who makes an account now gets letters."""
