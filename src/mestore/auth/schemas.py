"""What comes in and goes out when people sign up and sign in."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from mestore.core.boundary import Input, Line, Output, Phone, Secret
from mestore.users.schemas import EmailAddressText, EmailText, Language, NewPassword, UserOut

Code = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{6}$"),
    Field(examples=["493817"], json_schema_extra={"writeOnly": True}),
]


Password = Annotated[Secret, Field(examples=["el-loro-canta-a-las-6"])]
OtpCode = Annotated[
    str,
    StringConstraints(min_length=6, max_length=24, pattern=r"^[0-9A-Za-z -]{6,24}$"),
    Field(
        examples=["493817"],
        description="Six digits of the authenticator application, or a recovery code",
        json_schema_extra={"writeOnly": True},
    ),
]


class RegisterIn(Input):
    email: EmailText
    password: NewPassword
    full_name: Line = Field(examples=["Ana Ruiz"])
    phone: Phone


class AdminLoginIn(Input):
    email: EmailText
    password: Password
    otp_code: OtpCode | None = None


class LoginIn(AdminLoginIn):
    transport: Literal["body", "cookie"] = Field(
        "body", description="`cookie`: the refresh token comes as a cookie that no script reads, for browsers"
    )


class RefreshIn(Input):
    refresh_token: Secret | None = Field(
        None,
        examples=["f3Jz0Yx2rB5mQ8wK1nV7cT4dL9hS6gP0aE3uI5oR2yM"],
        description="Left out, the cookie of a sign-in by `cookie` is taken",
    )


class ForgotPasswordIn(Input):
    email: EmailAddressText


class ResetPasswordIn(Input):
    token: Secret = Field(examples=["pN4wX8rT1kV6bQ9mJ3cL7hF2dS5gZ0yA8uE4iO1oRtY"])
    new_password: NewPassword


class ChangePasswordIn(Input):
    current_password: Password
    new_password: NewPassword = Field(examples=["la-iguana-baila-a-las-7"])


class MeIn(Input):
    """What is left out stays as it is."""

    full_name: Line = Field(default_factory=str, examples=["Ana Ruiz"])
    phone: Phone = Field(default_factory=str)
    language: Language = Field(default_factory=lambda: "es", examples=["es"])


class EnrollIn(Input):
    password: Password


class DisableMfaIn(Input):
    password: Password
    otp_code: OtpCode = Field(examples=["k7dm-w2xq-9hpt-4rvn"])


class CodeIn(Input):
    code: Code


class TokensOut(Output):
    access_token: str = Field(examples=["<header>.<claims>.<signature>"])
    refresh_token: str | None = Field(
        examples=["f3Jz0Yx2rB5mQ8wK1nV7cT4dL9hS6gP0aE3uI5oR2yM"], description="Null where it comes as a cookie"
    )
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(examples=[3600], description="Seconds that the access token is good for")
    user: UserOut


class CodeSentOut(Output):
    resend_after: int = Field(examples=[60], description="Seconds until another code can be sent")


class SessionOut(Output):
    id: UUID
    ip: str | None = Field(examples=["190.24.10.7"])
    user_agent: str | None = Field(examples=["Mozilla/5.0 (Linux; Android 15)"])
    created_at: datetime
    last_seen_at: datetime = Field(description="True to the hour")
    current: bool = Field(description="The one that this request came in")


class EnrolmentOut(Output):
    secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    otpauth_url: str = Field(
        examples=["otpauth://totp/MeStore:ana%40example.co?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=MeStore"],
        description="To be shown as a QR code",
    )


class RecoveryCodesOut(Output):
    recovery_codes: list[str] = Field(examples=[["k7dm-w2xq-9hpt-4rvn"]], description="Shown this once, each good once")


class MfaOut(Output):
    enabled: bool
    confirmed_at: datetime | None
    recovery_codes_left: int = Field(examples=[10])
