"""What becomes known when people sign up, sign in and change how they do."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from mestore.auth.models import OtpPurpose
from mestore.core.ids import SessionId, UserId
from mestore.core.jobs import Event


@dataclass(frozen=True)
class EmailVerificationWished(Event):
    """Somebody should get a code by mail. Only the job makes it, so that no code lies in the queue."""

    priority: ClassVar[int] = 10
    user_id: UserId


@dataclass(frozen=True)
class RegistrationRepeated(Event):
    """Somebody registered with the e-mail of this user, who should be told that the account exists."""

    user_id: UserId


@dataclass(frozen=True)
class PhoneCodeWished(Event):
    """Somebody should get a code by SMS, if this is somebody: it is published for an unknown number too."""

    priority: ClassVar[int] = 10
    user_id: UserId
    purpose: OtpPurpose


@dataclass(frozen=True)
class EmailVerified(Event):
    user_id: UserId


@dataclass(frozen=True)
class PasswordResetWished(Event):
    """Somebody should get a link by mail, if this is somebody: it is published for an unknown e-mail too."""

    priority: ClassVar[int] = 10
    user_id: UserId


@dataclass(frozen=True)
class PasswordChanged(Event):
    """By its owner, or by whoever had the link that was mailed to its owner."""

    user_id: UserId
    change_id: UUID
    """Which change: each is told once."""


@dataclass(frozen=True)
class AccountLocked(Event):
    """Too many sign-ins failed. It is published for an unknown e-mail too, so that nobody can tell by the time."""

    user_id: UserId


@dataclass(frozen=True)
class SignedInOnNewDevice(Event):
    user_id: UserId
    session_id: SessionId
