"""Changing one's own details."""

from typing import Any

import pytest

from mestore.auth.models import OtpCode, OtpPurpose
from mestore.core.database import transaction
from mestore.core.world import World
from mestore.users.models import Consent, User
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem, census
from tests.rows import Rows

ME = "/api/v1/auth/me"


@pytest.fixture
async def ana(make: Make) -> User:
    return await make.buyer(phone_verified=True)


async def test_what_is_named_changes_and_the_rest_stays(api: Api, ana: User, make: Make, rows: Rows) -> None:
    other = await make.buyer()
    before = (await api.get(ME, by=ana)).json()
    for _ in range(2):
        response = await api.request("PATCH", ME, by=ana, json={"full_name": " Ana María Ruiz ", "language": "en"})
        assert response.status_code == 200
        assert response.json() == before | {"full_name": "Ana María Ruiz", "language": "en"}
    assert (await api.get(ME, by=ana)).json() == response.json()
    assert (await rows.get(User, other.id)).full_name == "Ana Ruiz"


async def test_another_phone_is_to_be_verified_anew(api: Api, ana: User, rows: Rows, world: World) -> None:
    async with transaction(world.sessions) as session:
        session.add(
            OtpCode(user_id=ana.id, purpose=OtpPurpose.VERIFY_PHONE, code_hash=b"x" * 48, expires_at=world.now())
        )
    same = await api.request("PATCH", ME, by=ana, json={"phone": "300 123 4567"})
    assert (same.json()["phone"], same.json()["phone_verified"]) == ("+573001234567", True)
    assert [code.invalidated_at for code in await rows.all(OtpCode)] == [None]
    other = await api.request("PATCH", ME, by=ana, json={"phone": "3109998877"})
    assert (other.json()["phone"], other.json()["phone_verified"]) == ("+573109998877", False)
    assert [code.invalidated_at is None for code in await rows.all(OtpCode)] == [False]


async def test_nothing_named_is_nothing_changed(api: Api, ana: User, rows: Rows) -> None:
    before = await rows.execute("SELECT * FROM users")
    response = await api.request("PATCH", ME, by=ana, json={})
    assert response.status_code == 200
    assert await rows.execute("SELECT * FROM users") == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "otra@example.co"}, "extra_forbidden"),
        ({"user_type": "ADMIN"}, "extra_forbidden"),
        ({"email_verified": True}, "extra_forbidden"),
        ({"phone_verified": True}, "extra_forbidden"),
        ({"phone": "12"}, "phone"),
        ({"full_name": ""}, "string_too_short"),
        ({"full_name": None}, "string_type"),
        ({"phone": None}, "string_type"),
        ({"language": "fr"}, "literal_error"),
        ({"full_name": "Ana\r\nBcc: x@example.co"}, "text_characters"),
    ],
)
async def test_a_refused_change_changes_nothing(
    api: Api, ana: User, rows: Rows, body: dict[str, Any], code: str
) -> None:
    await api.token(ana)
    before = await rows.execute("SELECT * FROM users"), await census(rows)
    response = await api.request("PATCH", ME, by=ana, json={"language": "en"} | body)
    assert [each["code"] for each in assert_problem(response, 422)["errors"]] == [code]
    assert (await rows.execute("SELECT * FROM users"), await census(rows)) == before


async def test_it_needs_somebody_signed_in(api: Api) -> None:
    assert_problem(await api.request("PATCH", ME, json={"language": "en"}), 401)


async def test_registering_keeps_the_consent(api: Api, rows: Rows, world: World) -> None:
    body = {"email": "nueva@example.co", "password": "el-loro-canta-a-las-6", "full_name": "N", "phone": "3001234567"}
    for _ in range(2):
        assert (await api.post("/api/v1/auth/register", body)).status_code == 201
    (consent,) = await rows.all(Consent)
    assert (consent.text_version, str(consent.ip)) == (world.settings.auth.terms_version, "127.0.0.1")
    assert [user.id for user in await rows.all(User)] == [consent.user_id]
