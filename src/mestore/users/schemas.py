"""What people write about their accounts, and a user as the user itself and administrators see it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mestore.core.boundary import Output, Secret
from mestore.users.contact import read_email
from mestore.users.models import UserType


def _address(value: str) -> str:
    if read_email(value) is None:
        raise PydanticCustomError("email", "This is no e-mail address")
    return value


EmailText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=254),
    Field(examples=["ana@example.co"], json_schema_extra={"format": "email"}),
]
EmailAddressText = Annotated[EmailText, AfterValidator(_address)]
"""Where a letter could go; the plain `EmailText` is for comparing with what is known."""

NewPassword = Annotated[
    Secret,
    Field(min_length=8, examples=["el-loro-canta-a-las-6"], description="Not a common one, and without the e-mail"),
]


Language = Literal["es", "en"]


class UserOut(Output):
    id: UUID
    email: str = Field(examples=["ana@example.co"])
    user_type: UserType
    full_name: str = Field(examples=["Ana Ruiz"])
    phone: str = Field(examples=["+573001234567"])
    email_verified: bool
    phone_verified: bool
    is_active: bool
    language: Language = Field(description="Of the letters this user gets")
    created_at: datetime
