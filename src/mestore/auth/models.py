"""What proves that somebody is who they say: one-time codes and refresh tokens, both kept only as hashes."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, identity, word
from mestore.core.database import Base
from mestore.core.ids import SessionId, UserId


class OtpPurpose(StrEnum):
    VERIFY_EMAIL = "VERIFY_EMAIL"
    VERIFY_PHONE = "VERIFY_PHONE"


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
    )
    id: Mapped[int] = identity()
    session_id: Mapped[SessionId] = mapped_column(Uuid, ForeignKey("user_sessions.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refresh_tokens.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
