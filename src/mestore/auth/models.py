"""What proves that somebody is who they say. Whatever is secret is kept as a hash, or encrypted."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, identity, word
from mestore.core.database import Base
from mestore.core.ids import SessionId, UserId


class OtpPurpose(StrEnum):
    VERIFY_EMAIL = "VERIFY_EMAIL"
    VERIFY_PHONE = "VERIFY_PHONE"
    LOGIN_PHONE = "LOGIN_PHONE"


class OtpCode(Base):
    """A six-digit code, hashed. A user has at most one that still works for a purpose."""

    __tablename__ = "otp_codes"
    __table_args__ = (
        Index(
            "uq_otp_codes_usable",
            "user_id",
            "purpose",
            unique=True,
            postgresql_where=text("consumed_at IS NULL AND invalidated_at IS NULL"),
        ),
        Index("ix_otp_codes_user_id_purpose_created_at", "user_id", "purpose", "created_at"),
        CheckConstraint("attempts BETWEEN 0 AND 100", name="attempts"),
    )
    id: Mapped[int] = identity()
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"))
    purpose: Mapped[OtpPurpose] = word(OtpPurpose)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    consumed_at: Mapped[Moment | None]
    invalidated_at: Mapped[Moment | None]


class RefreshToken(Base):
    """A link of a session's chain: using it makes its one successor (`parent_id` is unique)."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("uq_refresh_tokens_token_hash", "token_hash", unique=True),
        Index("uq_refresh_tokens_parent_id", "parent_id", unique=True),
        Index("ix_refresh_tokens_last", "expires_at", postgresql_where=text("used_at IS NULL")),
    )
    id: Mapped[int] = identity()
    session_id: Mapped[SessionId] = mapped_column(Uuid, ForeignKey("user_sessions.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refresh_tokens.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]


class PasswordReset(Base):
    """A link by mail that sets a new password, once. Its token comes from `salt` and a key: only its hash is kept."""

    __tablename__ = "password_resets"
    __table_args__ = (
        Index("uq_password_resets_token_hash", "token_hash", unique=True),
        Index("ix_password_resets_user_id_created_at", "user_id", "created_at"),
    )
    id: Mapped[int] = identity()
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    invalidated_at: Mapped[Moment | None]


class Authenticator(Base):
    """The application (TOTP, RFC 6238) that shows somebody's codes; it counts once `confirmed_at` is set."""

    __tablename__ = "authenticators"
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted: whoever reads the database alone can't compute a code."""
    created_at: Mapped[CreatedAt]
    confirmed_at: Mapped[Moment | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The newest step of thirty seconds whose code was taken: no code works twice."""


class RecoveryCode(Base):
    """Stands in for the authenticator once, when that is lost."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("uq_recovery_codes_user_id_code_hash", "user_id", "code_hash", unique=True),)
    id: Mapped[int] = identity()
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    used_at: Mapped[Moment | None]
