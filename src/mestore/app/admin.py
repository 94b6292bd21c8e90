"""The owner of a marketplace, whom only the command line makes."""

import asyncio

from mestore.core.clock import utc_now
from mestore.core.database import create_engine, session_factory, transaction
from mestore.core.settings import Settings
from mestore.users.models import UserType
from mestore.users.service import NewUser, UserService


def create(settings: Settings, email: str, full_name: str, phone: str, password: str) -> None:
    """Make a SUPERUSER.

    Raises:
        DetailsRefused: the e-mail, phone or password doesn't fit.
        EmailTaken: there is an account with this e-mail.
    """
    asyncio.run(_create(settings, NewUser(email, password, full_name, phone, UserType.SUPERUSER)))


async def _create(settings: Settings, owner: NewUser) -> None:
    if settings.database.url is None:
        raise ValueError("set MESTORE_DATABASE_URL, or start everything with `make up`")
    engine = create_engine(settings.database.url, settings.database, name="admin")
    try:
        async with transaction(session_factory(engine, {})) as session:
            await UserService(session, settings, utc_now).register(owner)
    finally:
        await engine.dispose()
