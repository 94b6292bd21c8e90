"""What becomes known when people sign up."""

from dataclasses import dataclass
from typing import ClassVar

from mestore.core.ids import UserId
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
class EmailVerified(Event):
    user_id: UserId
