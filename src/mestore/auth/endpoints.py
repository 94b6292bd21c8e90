"""The addresses for signing up and signing in."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mestore.auth.cookies import RefreshCookie, RefreshCookieDep
from mestore.auth.device import CurrentDevice
from mestore.auth.errors import (
    EmailAlreadyVerified,
    InvalidCode,
    InvalidCredentials,
    InvalidRefreshToken,
    MfaRequired,
    OriginRefused,
    TooManyCodes,
    TooManyFailures,
)
from mestore.auth.schemas import (
    AdminLoginIn,
    CodeIn,
    CodeSentOut,
    LoginIn,
    MeIn,
    RefreshIn,
    RegisterIn,
    TokensOut,
)
from mestore.auth.service import AuthService
from mestore.auth.sessions import Credentials, SessionService, Tokens
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.users.current import STAFF, CurrentSession, CurrentUser, LetterLanguage
from mestore.users.errors import DetailsRefused, NotSignedIn
from mestore.users.models import UserType
from mestore.users.schemas import UserOut
from mestore.users.service import Details, NewUser

router = APIRouter(prefix="/auth", tags=["auth"], route_class=StrictRoute)

Auth = Annotated[AuthService, Depends()]
Sessions = Annotated[SessionService, Depends()]


@router.post("/register", summary="Register as a buyer", status_code=201, responses=refusals(DetailsRefused))
async def register(body: RegisterIn, auth: Auth, language: LetterLanguage, device: CurrentDevice) -> UserOut:
    """Mails a code to verify the e-mail. One that has an account gets the same answer, and its owner a mail instead.

    Whoever registers agrees to the terms and the treatment of personal data; text, time and address are kept.
    """
    new = NewUser(**body.model_dump(), user_type=UserType.BUYER, language=language, ip=device.ip)
    return UserOut.model_validate(await auth.register(new))


@router.post(
    "/login",
    summary="Sign in",
    responses=refusals(InvalidCredentials, MfaRequired, TooManyFailures),
)
async def login(body: LoginIn, sessions: Sessions, device: CurrentDevice, cookie: RefreshCookieDep) -> TokensOut:
    """Whoever set up a second factor is asked for its code by a refusal, and sends everything again with `otp_code`.

    With `"transport": "cookie"` the refresh token is set as a cookie and is null in the answer.
    """
    shown = Credentials(body.email, body.password, body.otp_code)
    tokens = await sessions.sign_in(shown, device)
    if body.transport == "cookie":
        return _by_cookie(tokens, cookie)
    return TokensOut.model_validate(tokens)


@router.post(
    "/admin-login",
    summary="Sign in as an administrator",
    responses=refusals(InvalidCredentials, MfaRequired, TooManyFailures),
)
async def admin_login(body: AdminLoginIn, sessions: Sessions, device: CurrentDevice) -> TokensOut:
    """Other accounts are answered like a wrong password.

    In production administrators need a second factor. Who has none yet can sign in, set it up and confirm it; until
    then all else that administrators may do is refused.
    """
    shown = Credentials(body.email, body.password, body.otp_code, only=STAFF)
    return TokensOut.model_validate(await sessions.sign_in(shown, device))


@router.post("/refresh-token", summary="Stay signed in", responses=refusals(InvalidRefreshToken, OriginRefused))
async def refresh_token(
    body: RefreshIn, sessions: Sessions, device: CurrentDevice, cookie: RefreshCookieDep
) -> TokensOut:
    """Each refresh token is good for one use and gives its successor; an old one, used again, ends the session.

    A token that came as a cookie is answered as a cookie, and only to pages of our own origins.
    """
    if body.refresh_token is not None:
        return TokensOut.model_validate(await sessions.refresh(body.refresh_token, device))
    token = cookie.read()
    if token is None:
        raise InvalidRefreshToken
    return _by_cookie(await sessions.refresh(token, device), cookie)


@router.post("/logout", summary="Sign out", status_code=204, responses=refusals(NotSignedIn))
async def logout(caller: CurrentSession, sessions: Sessions, cookie: RefreshCookieDep) -> None:
    """Ends this session at once: its access token is refused from the next request on. The cookie goes too."""
    await sessions.end(caller.user.id, caller.session.id)
    cookie.take_back()


@router.get("/me", summary="See my account", responses=refusals(NotSignedIn))
async def see_me(user: CurrentUser) -> UserOut:
    return UserOut.model_validate(user)


@router.patch("/me", summary="Change my details", responses=refusals(NotSignedIn))
async def change_me(body: MeIn, user: CurrentUser, auth: Auth) -> UserOut:
    """Another phone is to be verified anew."""
    return UserOut.model_validate(await auth.change_details(user, Details(**body.model_dump(exclude_unset=True))))


@router.post(
    "/send-verification-email",
    summary="Have a code mailed to verify my e-mail",
    status_code=202,
    responses=refusals(NotSignedIn, EmailAlreadyVerified, TooManyCodes),
)
async def send_verification_email(user: CurrentUser, auth: Auth) -> CodeSentOut:
    """Codes are sent a minute apart: asked earlier, the last one (registration sends one too) is still to be used."""
    return CodeSentOut(resend_after=await auth.request_email_code(user))


@router.post("/verify-email-otp", summary="Verify my e-mail", responses=refusals(NotSignedIn, InvalidCode))
async def verify_email_otp(body: CodeIn, user: CurrentUser, auth: Auth) -> UserOut:
    """A code works once, for ten minutes, and for five guesses."""
    return UserOut.model_validate(await auth.verify_email(user, body.code))


def _by_cookie(tokens: Tokens, cookie: RefreshCookie) -> TokensOut:
    cookie.give(tokens.refresh_token)
    return TokensOut.model_validate(tokens).model_copy(update={"refresh_token": None})
