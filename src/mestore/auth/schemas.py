"""What comes in and goes out when people sign up and sign in."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mestore.core.boundary import Input, Line, Output, Secret, type_line
from mestore.users.schemas import UserOut

EmailText = Annotated[
    type_line, Field(min_length=3, max_length=254, examples=["ana@example.co"], json_schema_extra={"format": "email"})
]
PhoneText = Annotated[
    type_line,
    Field(min_length=7, max_length=25, examples=["3001234567"], description="Colombian, or with + and the country"),
]
NewPassword = Annotated[
    Secret,
    Field(min_length=8, examples=["el-loro-canta-a-las-6"], description="Not a common one, and without the e-mail"),
]
Code = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{6}$"),
    Field(examples=["493817"], json_schema_extra={"writeOnly": True}),
]


class RegisterIn(Input):
    email: EmailText
    password: NewPassword
    full_name: Line = Field(examples=["Ana Ruiz"])
    phone: PhoneText


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
