import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from mestore.notifications.models import Message
from mestore.users.models import User, UserType
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, register, sign_in
from tests.rows import Rows

SHAPE = {
    *("id", "email", "user_type", "full_name", "phone", "email_verified", "phone_verified", "is_active", "created_at"),
    "language",
}


async def test_a_buyer_registers_and_signs_in(api: Api, rows: Rows) -> None:
    user = await register(api)
    assert user.keys() == SHAPE
    assert (user["email"], user["user_type"], user["phone"]) == ("ana.ruiz@example.co", "BUYER", "+573001234567")
    assert (user["email_verified"], user["phone_verified"], user["is_active"]) == (False, False, True)
    (row,) = await rows.all(User)
    assert (str(row.id), row.language) == (user["id"], "es")
    assert PASSWORD not in row.password_hash
    assert (await sign_in(api))["user"] == user


async def test_letters_come_in_the_language_of_the_browser(api: Api, rows: Rows) -> None:
    response = await api.post("/api/v1/auth/register/", ANA, headers={"Accept-Language": "en-GB,en;q=0.9,es;q=0.8"})
    assert response.status_code == 201
    assert [user.language for user in await rows.all(User)] == ["en"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"user_type": "ADMIN"}, 422, "extra_forbidden"),
        ({"is_active": True}, 422, "extra_forbidden"),
        ({"email": "ana.ruiz@"}, 422, "email_invalid"),
        ({"email": "ana.ruiz@example.co\r\nBcc: x@example.co"}, 422, "email_invalid"),
        ({"email": 3}, 422, "string_type"),
        ({"phone": "12"}, 422, "phone"),
        ({"password": "1234567"}, 422, "too_short"),
        ({"password": "x" * 129}, 422, "string_too_long"),
        ({"password": "colombia123"}, 422, "password_common"),
        ({"password": "soy.ana.ruiz.2"}, 422, "password_contains_email"),
        ({"full_name": "Ana\r\nBcc: x@example.co"}, 422, "text_characters"),
        ({"full_name": "  "}, 422, "string_too_short"),
    ],
)
async def test_a_refused_registration_changes_nothing(
    api: Api, rows: Rows, change: dict[str, object], status: int, code: str
) -> None:
    response = await api.post("/api/v1/auth/register", ANA | change)
    assert response.status_code == status
    assert [each["code"] for each in response.json()["errors"]] == [code]
    assert str(change.get("password", PASSWORD)) not in response.text
    assert await rows.count(User) == 0
    assert await rows.execute("SELECT * FROM pgqueuer") == []


@pytest.mark.parametrize("spelling", ["ana.ruiz@example.co", "ANA.Ruiz@Example.CO", "\uff41na.ruiz@example.co"])
async def test_F64_a_taken_address_answers_as_a_new_one(
    api: Api, rows: Rows, drain: Callable[[], Awaitable[None]], spelling: str
) -> None:
    first = await register(api)
    response = await api.post(
        "/api/v1/auth/register", ANA | {"email": spelling, "full_name": "Otra", "password": "otra-clave-larga"}
    )
    assert response.status_code == 201
    second = response.json()
    assert second.keys() == first.keys()
    told = {"email", "full_name", "id", "created_at"}
    assert {name: second[name] for name in SHAPE - told} == {name: first[name] for name in SHAPE - told}
    assert second["full_name"] == "Otra"
    assert UUID(second["id"]) != UUID(first["id"])
    (row,) = await rows.all(User)
    assert (str(row.id), row.full_name) == (first["id"], "Ana Ruiz")
    await sign_in(api)
    await drain()
    letters = [(message.template, str(message.receiver_id)) for message in await rows.all(Message)]
    assert sorted(letters) == [("account_exists", first["id"]), ("verify_email", first["id"])]


async def test_F64_many_at_once_make_one_account(api: Api, rows: Rows, drain: Callable[[], Awaitable[None]]) -> None:
    spellings = ["ana.ruiz@example.co", "Ana.Ruiz@example.co", "ANA.RUIZ@EXAMPLE.CO", "\uff41na.ruiz@example.co"]
    responses = await asyncio.gather(
        *(api.post("/api/v1/auth/register", ANA | {"email": email}) for email in spellings * 2)
    )
    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["id"] for response in responses}) == 8
    assert await rows.count(User) == 1
    await drain()
    templates = [message.template for message in await rows.all(Message)]
    assert sorted(templates) == ["account_exists", "verify_email"], "a repeated registration tells the owner once a day"


async def test_who_registered_is_a_buyer_whatever_it_asks_for(api: Api, rows: Rows) -> None:
    await register(api)
    assert [user.user_type for user in await rows.all(User)] == [UserType.BUYER]


async def test_me(api: Api) -> None:
    user = await register(api)
    response = await api.get("/api/v1/auth/me", headers=bearer(await sign_in(api)))
    assert (response.status_code, response.json()) == (200, user)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic YTpi"}])
async def test_me_is_nobody_without_a_good_token(api: Api, headers: dict[str, str]) -> None:
    response = await api.get("/api/v1/auth/me", headers=headers)
    assert (response.status_code, response.json()["type"]) == (401, "/problems/not-signed-in")
