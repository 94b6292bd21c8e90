"""The addresses for setting another password."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mestore.auth.device import CurrentDevice
from mestore.auth.errors import InvalidResetToken, WrongPassword
from mestore.auth.passwords import PasswordService
from mestore.auth.schemas import ChangePasswordIn, CodeSentOut, ForgotPasswordIn, ResetPasswordIn
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.core.wiring import CurrentSettings
from mestore.users.current import CurrentSession
from mestore.users.errors import DetailsRefused, NotSignedIn

router = APIRouter(prefix="/auth", tags=["auth"], route_class=StrictRoute)

Passwords = Annotated[PasswordService, Depends()]


@router.post(
    "/forgot-password", summary="Have a link mailed to set another password", status_code=202, responses=refusals()
)
async def forgot_password(body: ForgotPasswordIn, passwords: Passwords, settings: CurrentSettings) -> CodeSentOut:
    """The answer is the same whether the e-mail has an account or not. Letters are sent a minute apart."""
    await passwords.forget(body.email)
    return CodeSentOut(resend_after=settings.auth.reset_cooldown_seconds)


@router.post(
    "/reset-password",
    summary="Set another password by the link that was mailed",
    status_code=204,
    responses=refusals(InvalidResetToken, DetailsRefused),
)
async def reset_password(body: ResetPasswordIn, passwords: Passwords) -> None:
    """The token works once, for an hour. Every session of the account ends, and a locked account is open again."""
    await passwords.reset(body.token, body.new_password)


@router.post(
    "/change-password",
    summary="Change my password",
    status_code=204,
    responses=refusals(NotSignedIn, WrongPassword, DetailsRefused),
)
async def change_password(
    body: ChangePasswordIn, caller: CurrentSession, passwords: Passwords, device: CurrentDevice
) -> None:
    """Every other session ends; this one goes on. A wrong password counts like a failed sign-in."""
    current, new = body.current_password, body.new_password
    await passwords.change(caller.user, caller.session.id, current, new, device)
