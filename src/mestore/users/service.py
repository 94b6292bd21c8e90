"""Accounts: who may have one, and that one e-mail is one account."""

from dataclasses import asdict, dataclass, replace

from sqlalchemy import func

from mestore.core.database import Session, checkpoint
from mestore.core.ids import UserId, new_uuid
from mestore.core.wiring import Clock, CurrentSettings
from mestore.users.contact import read_email, read_phone
from mestore.users.errors import EMAIL_INVALID, PHONE_INVALID, DetailsRefused, EmailTaken, NotSignedIn
from mestore.users.models import User, UserType
from mestore.users.passwords import hash_password, problem_of, verify_password
from mestore.users.repository import UserRepository

_ERASED_NAME = "Cuenta eliminada"
_ERASED_PHONE = "+10000000"
"""No number of anybody's."""


@dataclass(frozen=True)
class NewUser:
    """What somebody wrote about themselves, as they wrote it."""

    email: str
    password: str
    full_name: str
    phone: str
    user_type: UserType
    language: str = "es"
    ip: str | None = None
    """From where, kept with the consent that registering is."""


@dataclass(frozen=True)
class Details:
    """What somebody changes about themselves; None leaves a field as it is. The phone is in E.164."""

    full_name: str | None = None
    phone: str | None = None
    language: str | None = None


class UserService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._users = UserRepository(session)
        self._settings = settings.auth
        self._now = now

    async def prepare(self, new: NewUser) -> User:
        """A user as it would be, complete and not stored. It asks no database, so no connection waits for the hash.

        Raises:
            DetailsRefused: the e-mail, phone or password doesn't fit.
        """
        email, phone = read_email(new.email), read_phone(new.phone)
        password_problem = problem_of(new.password, email)
        if email is None or phone is None or password_problem is not None:
            found = (None if email else EMAIL_INVALID, None if phone else PHONE_INVALID, password_problem)
            raise DetailsRefused([problem for problem in found if problem])
        return User(
            id=UserId(new_uuid()),
            email=email.written,
            email_key=email.key,
            password_hash=await hash_password(new.password, self._settings),
            user_type=new.user_type,
            full_name=new.full_name,
            phone=phone,
            email_verified=False,
            phone_verified=False,
            is_active=True,
            language=new.language,
            created_at=self._now(),
        )

    async def add(self, user: User, ip: str | None) -> bool:
        """Whether a prepared user was stored, with its consent: not when its e-mail has an account in any spelling."""
        added = await self._users.add(user)
        if added:
            await self._users.add_consent(user.id, self._settings.terms_version, ip)
        return added

    async def register(self, new: NewUser) -> User:
        """Make an account and say so when the e-mail is taken.

        Raises:
            DetailsRefused: the e-mail, phone or password doesn't fit.
            EmailTaken: there is an account with this e-mail.
        """
        user = await self.prepare(new)
        if not await self.add(user, new.ip):
            raise EmailTaken
        return user

    async def by_id(self, user_id: UserId) -> User:
        return await self._users.by_id(user_id)

    async def keep_open(self, user_id: UserId) -> None:
        """Have whoever would erase the account wait for this transaction, in which personal data are written.

        Raises:
            NotSignedIn: it was closed since its owner was recognised.
        """
        if not await self._users.keep_open(user_id):
            raise NotSignedIn

    async def by_email(self, email: str) -> User | None:
        """The account of an address in any spelling, active or not."""
        address = read_email(email)
        return await self._users.by_email(address.key) if address else None

    async def knows_password(self, user: User | None, password: str) -> bool:
        """Whether it is this user's password; for nobody it takes as long and is False."""
        return await verify_password(password, user.password_hash if user else None, self._settings)

    async def mark_email_verified(self, user_id: UserId) -> User:
        return await self._users.change(user_id, email_verified=True)

    async def change_details(self, user: User, changes: Details) -> User:
        """Change what was named. Another phone is to be verified anew.

        Raises:
            UserNotFound: the account was closed meanwhile.
        """
        values = {name: value for name, value in asdict(changes).items() if value is not None}
        if changes.phone is not None and changes.phone != user.phone:
            values["phone_verified"] = False
        return await self._users.change(user.id, **values) if values else user

    async def change_password(self, user: User, password: str, field: str = "new_password") -> bool:
        """Set another password; False when another change of it was faster. No connection waits for the hash.

        Raises:
            DetailsRefused: the password is common, or contains the e-mail.
        """
        problem = problem_of(password, read_email(user.email))
        if problem is not None:
            raise DetailsRefused([replace(problem, field=field)])
        await checkpoint(self._session)
        return await self._users.replace_password(user, await hash_password(password, self._settings))

    async def erase(self, user_id: UserId) -> None:
        """Leave nothing of a person in its account but the id. The e-mail is free for another account."""
        nobody = f"{user_id}@erased.invalid"
        await self._users.change(
            user_id,
            email=nobody,
            email_key=nobody,
            password_hash="!",  # noqa: S106 - no hash: no password fits it
            full_name=_ERASED_NAME,
            phone=_ERASED_PHONE,
            email_verified=False,
            phone_verified=False,
            is_active=False,
            deleted_at=func.clock_timestamp(),
        )
