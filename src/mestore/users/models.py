"""Who somebody is, and in which sessions they are signed in."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid, false, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt, identity, word
from mestore.core.database import Base
from mestore.core.ids import SessionId, UserId, new_uuid


class UserType(StrEnum):
    BUYER = "BUYER"
    VENDOR = "VENDOR"
    ADMIN = "ADMIN"
    SUPERUSER = "SUPERUSER"
    SYSTEM = "SYSTEM"


class User(Base):
    """An account. `email` is as it was written, for letters; of two with one `email_key` there is one account."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("phone ~ '^\\+[1-9][0-9]{7,14}$'", name="phone_e164"),
        Index("uq_users_email_key", "email_key", unique=True),
        Index(
            "uq_users_verified_phone",
            "phone",
            unique=True,
            postgresql_where=text("phone_verified AND deleted_at IS NULL"),
        ),
    )
    id: Mapped[UserId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(200))
    user_type: Mapped[UserType] = word(UserType)
    full_name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(16))
    email_verified: Mapped[bool] = mapped_column(default=False)
    phone_verified: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(2), default="es")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    deleted_at: Mapped[Moment | None]


class UserSession(Base):
    """One sign-in on one device: the truth about whether a token is still good."""

    __tablename__ = "user_sessions"
    id: Mapped[SessionId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[CreatedAt]
    revoked_at: Mapped[Moment | None]
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether more than the password was shown: administrators need it in production."""


class Consent(Base):
    """That somebody agreed to the terms and the treatment of personal data (Ley 1581): which text, when, from where."""

    __tablename__ = "consents"
    id: Mapped[int] = identity()
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    text_version: Mapped[str] = mapped_column(String(40))
    given_at: Mapped[CreatedAt]
    ip: Mapped[str | None] = mapped_column(INET)


class Address(Base):
    """Where somebody has things sent. The first two digits of a municipality's DANE code are its department's."""

    __tablename__ = "addresses"
    __table_args__ = (
        CheckConstraint("municipality_code ~ '^[0-9]{5}$'", name="municipality_code"),
        CheckConstraint("phone ~ '^\\+[1-9][0-9]{7,14}$'", name="phone_e164"),
        Index("uq_addresses_default", "user_id", unique=True, postgresql_where=text("is_default")),
    )
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(16))
    street: Mapped[str] = mapped_column(String(200))
    municipality_code: Mapped[str] = mapped_column(String(5))
    notes: Mapped[str | None] = mapped_column(String(300))
    is_default: Mapped[bool]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
