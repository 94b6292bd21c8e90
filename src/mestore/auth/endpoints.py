"""The addresses for signing up and signing in."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mestore.auth.device import CurrentDevice
from mestore.auth.errors import (
    EmailAlreadyVerified,
    InvalidCode,
    InvalidCredentials,
    InvalidRefreshToken,
    TooManyCodes,
)
from mestore.auth.schemas import CodeIn, CodeSentOut, LoginIn, RefreshIn, RegisterIn, TokensOut
from mestore.auth.service import AuthService
from mestore.auth.sessions import SessionService
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.users.current import CurrentToken, CurrentUser, LetterLanguage
from mestore.users.errors import DetailsRefused, NotSignedIn
from mestore.users.models import UserType
from mestore.users.schemas import UserOut
from mestore.users.service import NewUser

router = APIRouter(prefix="/auth", tags=["auth"], route_class=StrictRoute)

Auth = Annotated[AuthService, Depends()]
Sessions = Annotated[SessionService, Depends()]


@router.post("/register", summary="Register as a buyer", status_code=201, responses=refusals(DetailsRefused))
async def register(body: RegisterIn, auth: Auth, language: LetterLanguage) -> UserOut:
    """Mails a code to verify the e-mail. One that has an account gets the same answer, and its owner a mail instead."""
    new = NewUser(**body.model_dump(), user_type=UserType.BUYER, language=language)
    return UserOut.model_validate(await auth.register(new))


@router.post("/login", summary="Sign in", responses=refusals(InvalidCredentials))
async def login(body: LoginIn, sessions: Sessions, device: CurrentDevice) -> TokensOut:
    return TokensOut.model_validate(await sessions.sign_in(body.email, body.password, device))


@router.post("/refresh-token", summary="Stay signed in", responses=refusals(InvalidRefreshToken))
async def refresh_token(body: RefreshIn, sessions: Sessions, device: CurrentDevice) -> TokensOut:
    """Each refresh token is good for one use and gives its successor; an old one, used again, ends the session."""
    return TokensOut.model_validate(await sessions.refresh(body.refresh_token, device))


@router.post("/logout", summary="Sign out", status_code=204, responses=refusals(NotSignedIn))
async def logout(user: CurrentUser, token: CurrentToken, sessions: Sessions) -> None:
    """Ends this session at once: its access token is refused from the next request on."""
    await sessions.sign_out(user.id, token.session_id)


@router.get("/me", summary="See my account", responses=refusals(NotSignedIn))
async def see_me(user: CurrentUser) -> UserOut:
    return UserOut.model_validate(user)


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
