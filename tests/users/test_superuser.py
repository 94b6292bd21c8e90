import asyncio

import pytest

from mestore.app import admin
from mestore.core.settings import Settings
from mestore.core.world import World
from mestore.users.errors import DetailsRefused, EmailTaken
from mestore.users.models import User, UserType
from tests.rows import Rows

OWNER = ("duena@example.co", "Lucía Prieto", "3105550001", "el-loro-canta-6")


async def test_the_command_line_makes_the_owner(world: World, rows: Rows, settings: Settings) -> None:
    await asyncio.to_thread(admin.create, settings, *OWNER)
    (owner,) = await rows.all(User)
    assert (owner.email, owner.user_type, owner.phone) == ("duena@example.co", UserType.SUPERUSER, "+573105550001")


async def test_it_refuses_what_the_api_refuses(world: World, rows: Rows, settings: Settings) -> None:
    with pytest.raises(DetailsRefused) as refused:
        await asyncio.to_thread(admin.create, settings, "duena@", "Lucía Prieto", "12", "12345678")
    assert {each["loc"][1] for each in refused.value.members()["errors"]} == {"email", "phone", "password"}
    assert "correo" in refused.value.detail("es")
    assert await rows.count(User) == 0


async def test_one_e_mail_is_one_account_there_too(world: World, rows: Rows, settings: Settings) -> None:
    await asyncio.to_thread(admin.create, settings, *OWNER)
    with pytest.raises(EmailTaken):
        await asyncio.to_thread(admin.create, settings, "DUENA@example.co", *OWNER[1:])
    assert await rows.count(User) == 1
