"""Who calls: recognises an access token and reads its user, fresh, at each request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mestore.core import tokens
from mestore.core.database import Session
from mestore.core.ids import SessionId
from mestore.core.settings import Environment
from mestore.core.wiring import CurrentSettings, world_of
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType
from mestore.users.models import User, UserType
from mestore.users.repository import OPEN_ACCOUNT, UserRepository

HELD_ACCOUNT = OPEN_ACCOUNT
"""SQL, for a statement that begins with it: the account `$1`, if it is open; it can't be erased until the transaction
ends, see `UserService.keep_open`."""

_bearer = HTTPBearer(auto_error=False, description="The `access_token` of `POST /api/v1/auth/login`.")


async def access_token(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> tokens.AccessToken:
    if credentials is None:
        raise NotSignedIn
    if (known := request.scope.get(tokens.SCOPE_KEY)) is not None:
        return cast("tokens.AccessToken", known)
    world = await world_of(request)
    try:
        return tokens.read(world.settings.auth, credentials.credentials, world.now())
    except tokens.BadToken as error:
        raise NotSignedIn from error


CurrentToken = Annotated[tokens.AccessToken, Depends(access_token)]


@dataclass(frozen=True)
class ThisSession:
    """The session that a request came in."""

    id: SessionId
    second_factor: bool
    """Whether more than the password was shown."""


@dataclass(frozen=True)
class SignedIn:
    user: User
    session: ThisSession


async def signed_in(request: Request, token: CurrentToken, session: Session) -> SignedIn:
    found = await UserRepository(session).signed_in(token.user_id, token.session_id)
    if found is None:
        raise NotSignedIn
    request.scope["user_id"] = token.user_id
    user, second_factor = found
    return SignedIn(user, ThisSession(token.session_id, second_factor))


CurrentSession = Annotated[SignedIn, Depends(signed_in)]


async def current_user(caller: CurrentSession) -> User:
    return caller.user


CurrentUser = Annotated[User, Depends(current_user)]


async def optional_user(request: Request, session: Session) -> User | None:
    # Asked here rather than as a dependency, which the document would take for a lock.
    credentials = await _bearer(request)
    if credentials is None:
        return None
    return (await signed_in(request, await access_token(request, credentials), session)).user


OptionalUser = Annotated[User | None, Depends(optional_user)]
"""Who calls, where nobody has to say so; a token that is no good is refused all the same."""


def _of(*kinds: UserType) -> Callable[[SignedIn], Awaitable[User]]:
    async def only(caller: CurrentSession) -> User:
        if caller.user.user_type not in kinds:
            raise WrongAccountType
        return caller.user

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


async def _anybody(user: CurrentUser, caller: CurrentSession, settings: CurrentSettings) -> User:
    return await _staff(user, caller, settings) if user.user_type in STAFF else user


CurrentAnybody = Annotated[User, Depends(_anybody)]
"""Whoever is signed in, where an address is for several kinds; of staff, in production, with a second factor."""

CurrentAdmin = Annotated[User, Depends(_staff)]
"""An administrator or the owner; in production only with a second factor."""


async def _buyer_or_staff(
    user: Annotated[User, Depends(_of(UserType.BUYER, UserType.VENDOR, *STAFF))],
    caller: CurrentSession,
    settings: CurrentSettings,
) -> User:
    return await _staff(user, caller, settings) if user.user_type in STAFF else user


CurrentBuyerOrAdmin = Annotated[User, Depends(_buyer_or_staff)]
"""Somebody who may buy, or who may look at what anybody bought, as `CurrentAdmin`."""


def letter_language(request: Request) -> str:
    """Spanish, the language of this market, unless the reader's first language is English."""
    return "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "es"


LetterLanguage = Annotated[str, Depends(letter_language)]
"""In which language somebody who makes an account now gets letters."""
