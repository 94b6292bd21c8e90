"""What comes in and goes out about shops."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mestore.core.boundary import Input, Line, Output, Phone
from mestore.users.schemas import EmailText, NewPassword, UserOut
from mestore.vendors.models import DocumentType, VendorStatus

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,120}$"), Field(examples=["cafe-de-la-sierra"])]


def _accepted(value: bool) -> bool:
    if not value:
        raise PydanticCustomError("terms_not_accepted", "Selling needs the terms accepted")
    return value


Accepted = Annotated[bool, AfterValidator(_accepted), Field(json_schema_extra={"const": True})]


class VendorRegisterIn(Input):
    email: EmailText = Field(examples=["rosa@cafedelasierra.example"])
    password: NewPassword
    full_name: Line = Field(examples=["Rosa Elena Mendoza"])
    phone: Phone
    business_name: Annotated[Line, Field(min_length=2)] = Field(examples=["Café de la Sierra"])
    document_type: Annotated[DocumentType, Field(strict=False)]
    document_number: Annotated[Line, Field(max_length=25)] = Field(examples=["1020304050"])
    city: Annotated[Line, Field(max_length=100)] = Field(examples=["Santa Marta"])
    terms_accepted: Accepted


class ShopOut(Output):
    """What everybody may see: no contact data, no document."""

    id: UUID
    slug: str = Field(examples=["cafe-de-la-sierra"])
    business_name: str = Field(examples=["Café de la Sierra"])
    description: str = Field(examples=["Café y cacao de pequeños productores."])
    city: str = Field(examples=["Santa Marta"])
    rating: Decimal | None = Field(examples=["4.6"])
    """The average of the reviews of its products that are shown, from 1.0 to 5.0; null before the first."""
    reviews_count: int = Field(examples=[128])
    created_at: datetime


class VendorOut(ShopOut):
    """A shop, as its owner sees it."""

    status: VendorStatus
    document_type: DocumentType
    document_number: str = Field(examples=["1020304050"])


class RegisteredOut(Output):
    user: UserOut
    vendor: VendorOut
