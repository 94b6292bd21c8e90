"""The addresses for a second factor."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mestore.auth.device import CurrentDevice
from mestore.auth.errors import MfaAlreadyEnabled, MfaNotEnabled, WrongPassword, WrongSecondFactor
from mestore.auth.mfa import SecondFactorService
from mestore.auth.schemas import CodeIn, DisableMfaIn, EnrollIn, EnrolmentOut, MfaOut, RecoveryCodesOut
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.users.current import CurrentSession, CurrentUser
from mestore.users.errors import NotSignedIn

router = APIRouter(prefix="/auth/mfa", tags=["auth"], route_class=StrictRoute)

Mfa = Annotated[SecondFactorService, Depends()]


@router.get("", summary="See whether I have a second factor", responses=refusals(NotSignedIn))
async def see_mfa(user: CurrentUser, mfa: Mfa) -> MfaOut:
    return MfaOut.model_validate(await mfa.state(user))


@router.post(
    "/enroll",
    summary="Begin to set up a second factor",
    responses=refusals(NotSignedIn, WrongPassword, MfaAlreadyEnabled),
)
async def enroll_mfa(body: EnrollIn, user: CurrentUser, mfa: Mfa, device: CurrentDevice) -> EnrolmentOut:
    """The secret for an authenticator application. Nothing changes until `confirm`; asked again, it is another one."""
    return EnrolmentOut.model_validate(await mfa.enroll(user, body.password, device))


@router.post(
    "/confirm",
    summary="Finish setting up a second factor",
    responses=refusals(NotSignedIn, MfaNotEnabled, MfaAlreadyEnabled, WrongSecondFactor),
)
async def confirm_mfa(body: CodeIn, caller: CurrentSession, mfa: Mfa) -> RecoveryCodesOut:
    """Signing in needs a code from now on. The recovery codes are shown this once."""
    return RecoveryCodesOut(recovery_codes=await mfa.confirm(caller.user, caller.session.id, body.code))


@router.post(
    "/disable",
    summary="Sign in without a second factor",
    status_code=204,
    responses=refusals(NotSignedIn, WrongPassword, MfaNotEnabled, WrongSecondFactor),
)
async def disable_mfa(body: DisableMfaIn, user: CurrentUser, mfa: Mfa, device: CurrentDevice) -> None:
    """Needs the password and a code, or a recovery code."""
    await mfa.disable(user, body.password, body.otp_code, device)
