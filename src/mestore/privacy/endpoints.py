"""The addresses at which somebody sees what is kept about them, and has it erased."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from mestore.auth.cookies import RefreshCookieDep
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.privacy.errors import AccountInUse
from mestore.privacy.schemas import ExportOut
from mestore.privacy.service import PrivacyService
from mestore.users.current import CurrentBuyer, CurrentUser
from mestore.users.errors import NotSignedIn, WrongAccountType

router = APIRouter(prefix="/auth/me", tags=["auth"], route_class=StrictRoute)

Privacy = Annotated[PrivacyService, Depends()]


@router.get("/data-export", summary="Get all that is kept about me", responses=refusals(NotSignedIn))
async def export_data(user: CurrentUser, privacy: Privacy, response: Response) -> ExportOut:
    """Secrets are kept as hashes only and stay out."""
    response.headers["Content-Disposition"] = 'attachment; filename="mestore.json"'
    response.headers["Cache-Control"] = "no-store"
    return ExportOut.model_validate(await privacy.export(user))


@router.delete(
    "",
    summary="Have me erased",
    status_code=204,
    responses=refusals(NotSignedIn, WrongAccountType, AccountInUse),
)
async def erase_me(user: CurrentBuyer, privacy: Privacy, cookie: RefreshCookieDep) -> None:
    """Erases personal data for good and ends every session; a shop closes. Records of money stay, without names.

    Not while an order, payment or sale is under way, and not for administrators, whose owner closes their accounts.
    """
    await privacy.erase(user)
    cookie.take_back()
