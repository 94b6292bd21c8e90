"""What comes in and goes out when people sign up and sign in."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mestore.core.boundary import Input, Line, Output, Phone, Secret
from mestore.users.schemas import EmailText, NewPassword, UserOut

Code = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{6}$"),
    Field(examples=["493817"], json_schema_extra={"writeOnly": True}),
]


class RegisterIn(Input):
    email: EmailText
    password: NewPassword
    full_name: Line = Field(examples=["Ana Ruiz"])
    phone: Phone


class LoginIn(Input):
    email: EmailText
    password: Secret = Field(examples=["el-loro-canta-a-las-6"])


class RefreshIn(Input):
    refresh_token: Secret = Field(examples=["f3Jz0Yx2rB5mQ8wK1nV7cT4dL9hS6gP0aE3uI5oR2yM"])


class CodeIn(Input):
    code: Code


class TokensOut(Output):
    access_token: str = Field(examples=["<header>.<claims>.<signature>"])
    refresh_token: str = Field(examples=["f3Jz0Yx2rB5mQ8wK1nV7cT4dL9hS6gP0aE3uI5oR2yM"])
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(examples=[3600], description="Seconds that the access token is good for")
    user: UserOut


class CodeSentOut(Output):
    resend_after: int = Field(examples=[60], description="Seconds until another code can be sent")
