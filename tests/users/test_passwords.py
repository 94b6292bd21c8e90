import asyncio

import pytest

from mestore.core.settings import AuthSettings
from mestore.users.contact import read_email
from mestore.users.errors import PASSWORD_COMMON, PASSWORD_CONTAINS_EMAIL, PASSWORD_LENGTH, FieldProblem
from mestore.users.passwords import NOBODYS_HASH, _hasher, hash_password, problem_of, verify_password

SETTINGS = AuthSettings(hash_concurrency=2)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("x" * 7, PASSWORD_LENGTH),
        ("x" * 129, PASSWORD_LENGTH),
        ("password123", PASSWORD_COMMON),
        ("Contraseña123", PASSWORD_COMMON),
        ("COLOMBIA2026", PASSWORD_COMMON),
        ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44", PASSWORD_COMMON),
        ("yo-soy-ana.ruiz-!", PASSWORD_CONTAINS_EMAIL),
        ("ANA.RUIZ@EXAMPLE.CO", PASSWORD_CONTAINS_EMAIL),
        ("el-loro-canta", None),
        ("🦜" * 8, None),
        ("  con espacios  ", None),
        ("y" + "x" * 127, None),
    ],
)
def test_which_passwords_are_refused(password: str, problem: FieldProblem | None) -> None:
    assert problem_of(password, read_email("Ana.Ruiz@example.co")) is problem


def test_a_short_local_part_is_in_many_passwords_by_chance() -> None:
    assert problem_of("la-luna-llena", read_email("la@example.co")) is None


async def test_a_hash_fits_its_password_only() -> None:
    hashed = await hash_password("el-loro-canta", SETTINGS)
    assert hashed.startswith("$argon2id$")
    assert await verify_password("el-loro-canta", hashed, SETTINGS)
    assert not await verify_password("el-loro-calla", hashed, SETTINGS)
    assert not await verify_password("el-loro-canta", "!", SETTINGS)


async def test_nobody_has_a_password_and_costs_as_much_as_somebody() -> None:
    assert not _hasher.check_needs_rehash(NOBODYS_HASH)
    assert not await verify_password("el-loro-canta", None, SETTINGS)


async def test_hashing_leaves_the_event_loop_free() -> None:
    hashing = asyncio.gather(*(hash_password("el-loro-canta", SETTINGS) for _ in range(4)))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(set(await hashing)) == 4
    assert turns > 100, "a hash ran on the event loop: it turns a few times for four of them"
