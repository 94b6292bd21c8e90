"""A user, as the user itself and administrators see it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from mestore.core.boundary import Output
from mestore.users.models import UserType


class UserOut(Output):
    id: UUID
    email: str = Field(examples=["ana@example.co"])
    user_type: UserType
    full_name: str = Field(examples=["Ana Ruiz"])
    phone: str = Field(examples=["+573001234567"])
    email_verified: bool
    phone_verified: bool
    is_active: bool
    created_at: datetime
