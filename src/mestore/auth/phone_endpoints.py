"""The addresses for verifying a phone, and for signing in with one."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from mestore.auth.cookies import RefreshCookieDep
from mestore.auth.device import CurrentDevice
from mestore.auth.errors import InvalidCode, InvalidCredentials, PhoneAlreadyVerified, TooManyCodes
from mestore.auth.phone import PhoneService
from mestore.auth.schemas import Code, CodeIn, CodeSentOut, TokensOut
from mestore.core.boundary import Input, Phone, StrictRoute
from mestore.core.documentation import refusals
from mestore.users.current import CurrentUser
from mestore.users.errors import NotSignedIn
from mestore.users.schemas import UserOut

router = APIRouter(prefix="/auth", tags=["auth"], route_class=StrictRoute)

Phones = Annotated[PhoneService, Depends()]


class PhoneLoginIn(Input):
    phone: Phone


class PhoneLoginCodeIn(Input):
    phone: Phone
    code: Code
    transport: Literal["body", "cookie"] = Field(
        "body", description="`cookie`: the refresh token comes as a cookie that no script reads, for browsers"
    )


@router.post(
    "/send-verification-sms",
    summary="Have a code sent to verify my phone",
    status_code=202,
    responses=refusals(NotSignedIn, PhoneAlreadyVerified, TooManyCodes),
)
async def send_verification_sms(user: CurrentUser, phones: Phones, device: CurrentDevice) -> CodeSentOut:
    """Codes are sent a minute apart: asked earlier, the last one is still to be used."""
    return CodeSentOut(resend_after=await phones.request_verification(user, device))


@router.post("/verify-phone-otp", summary="Verify my phone", responses=refusals(NotSignedIn, InvalidCode))
async def verify_phone_otp(body: CodeIn, user: CurrentUser, phones: Phones) -> UserOut:
    """A code works once, for ten minutes, and for five guesses.

    Another account that had verified the same number has to verify its own anew.
    """
    return UserOut.model_validate(await phones.verify(user, body.code))


@router.post(
    "/login/otp",
    summary="Have a code sent to sign in by phone",
    status_code=202,
    responses=refusals(TooManyCodes),
)
async def request_phone_login(body: PhoneLoginIn, phones: Phones, device: CurrentDevice) -> CodeSentOut:
    """Sent to verified phones; the answer is the same for others. Then `POST login/otp/verify`.

    Administrators, and whoever set up a second factor, sign in with their password.
    """
    return CodeSentOut(resend_after=await phones.request_login(body.phone, device))


@router.post("/login/otp/verify", summary="Sign in by phone", responses=refusals(InvalidCode, InvalidCredentials))
async def log_in_by_phone(
    body: PhoneLoginCodeIn, phones: Phones, device: CurrentDevice, cookie: RefreshCookieDep
) -> TokensOut:
    """A code works once, for ten minutes, and for five guesses."""
    shown = TokensOut.model_validate(await phones.log_in(body.phone, body.code, device))
    if body.transport == "cookie" and shown.refresh_token is not None:
        cookie.give(shown.refresh_token)
        return shown.model_copy(update={"refresh_token": None})
    return shown
