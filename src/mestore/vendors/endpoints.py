"""The addresses of shops."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from mestore.auth.device import CurrentDevice
from mestore.core.boundary import StrictRoute
from mestore.core.documentation import refusals
from mestore.users.current import CurrentVendor, LetterLanguage
from mestore.users.errors import DetailsRefused, EmailTaken, NotSignedIn, WrongAccountType
from mestore.users.models import UserType
from mestore.users.service import NewUser
from mestore.vendors.errors import DocumentTaken, VendorNotFound
from mestore.vendors.registration import NewShop, VendorRegistration
from mestore.vendors.schemas import RegisteredOut, ShopOut, Slug, VendorOut, VendorRegisterIn
from mestore.vendors.service import VendorService

router = APIRouter(prefix="/vendors", tags=["vendors"], route_class=StrictRoute)

Vendors = Annotated[VendorService, Depends()]
_SHOP = {"business_name", "document_type", "document_number", "city"}
_OWNER = {"email", "password", "full_name", "phone"}


@router.post(
    "/register",
    summary="Register as a vendor",
    status_code=201,
    responses=refusals(DetailsRefused, EmailTaken, DocumentTaken),
)
async def register_vendor(
    body: VendorRegisterIn,
    registration: Annotated[VendorRegistration, Depends()],
    language: LetterLanguage,
    device: CurrentDevice,
) -> RegisteredOut:
    """Opens a shop. It may publish once it is approved and its owner's e-mail verified by the code that is mailed."""
    owner = NewUser(**body.model_dump(include=_OWNER), user_type=UserType.VENDOR, language=language, ip=device.ip)
    shop = NewShop(**body.model_dump(include=_SHOP))
    return RegisteredOut.model_validate(await registration.register(owner, shop))


@router.get("/me", summary="See my shop", responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound))
async def see_my_shop(user: CurrentVendor, vendors: Vendors) -> VendorOut:
    return VendorOut.model_validate(await vendors.of_user(user.id))


@router.get("/{slug}", summary="See a shop", responses=refusals(VendorNotFound))
async def see_shop(slug: Annotated[Slug, Path()], vendors: Vendors) -> ShopOut:
    return ShopOut.model_validate(await vendors.public(slug))
