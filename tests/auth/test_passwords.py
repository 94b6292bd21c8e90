"""Setting another password: by a link that is mailed, and by knowing the present one."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mestore.auth.models import PasswordReset
from mestore.users.models import User, UserSession
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, mailed_token, register, sign_in
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
FORGOT, RESET, CHANGE = (f"/api/v1/auth/{name}-password" for name in ("forgot", "reset", "change"))
LOGIN = "/api/v1/auth/login"
NEW = "la-iguana-baila-a-las-7"
FORGOTTEN = {"email": ANA["email"]}


async def lets_in(api: Api, password: str) -> bool:
    response = await api.post(LOGIN, {"email": ANA["email"], "password": password})
    if response.status_code != 200:
        assert assert_problem(response, 401)["type"] == "/problems/invalid-credentials"
    return response.status_code == 200


async def test_a_forgotten_password_is_reset_by_a_link_once(api: Api, drain: Drain, sandbox: RunningSandbox) -> None:
    await register(api)
    signed_in = await sign_in(api)
    await drain()
    response = await api.post(FORGOT, FORGOTTEN | {"email": " ANA.Ruiz@example.co"})
    assert (response.status_code, response.json()) == (202, {"resend_after": 60})
    await drain()
    mail = sandbox.mails(ANA["email"])[0]
    assert mail["subject"] == "Restablece tu contraseña"
    (token,) = re.findall(r"http://127.0.0.1:3000/recuperar#token=([\w-]{43})\n", mail["text"])
    assert f'href="http://127.0.0.1:3000/recuperar#token={token}"' in mail["html"]
    done = await api.post(RESET, {"token": token, "new_password": NEW})
    assert (done.status_code, done.content) == (204, b"")
    assert not await lets_in(api, PASSWORD)
    assert await lets_in(api, NEW)
    assert (await api.get("/api/v1/auth/me", headers=bearer(signed_in))).status_code == 401
    refreshed = await api.post("/api/v1/auth/refresh-token", {"refresh_token": signed_in["refresh_token"]})
    assert refreshed.status_code == 401
    again = await api.post(RESET, {"token": token, "new_password": "otra-clave-muy-larga"})
    assert assert_problem(again, 422)["type"] == "/problems/invalid-reset-token"
    assert await lets_in(api, NEW)
    await drain()
    assert sandbox.mails(ANA["email"])[0]["subject"] == "Cambió tu contraseña"


async def test_an_unknown_address_gets_the_same_answer_and_no_letter(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    await drain()
    known, unknown = [await api.post(FORGOT, {"email": email}) for email in (ANA["email"], "nadie@example.co")]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert len(await rows.execute("SELECT * FROM pgqueuer")) == 2, "the same is written for both"
    await drain()
    assert await rows.count(PasswordReset) == 1
    assert sandbox.mails("nadie@example.co") == []
    assert (await api.post(FORGOT, {"email": "no es un correo"})).status_code == 422


async def test_letters_are_a_minute_apart_and_five_an_hour(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    for _ in range(7):
        for _ in range(2):
            assert (await api.post(FORGOT, FORGOTTEN)).status_code == 202
        await drain()
        await rows.execute("UPDATE password_resets SET created_at = created_at - interval '61 seconds'")
    assert await rows.count(PasswordReset) == 5


async def test_an_inactive_account_gets_no_link(api: Api, rows: Rows, drain: Drain) -> None:
    await register(api)
    await rows.execute("UPDATE users SET is_active = false")
    assert (await api.post(FORGOT, FORGOTTEN)).status_code == 202
    await drain()
    assert await rows.count(PasswordReset) == 0


async def test_no_token_lies_anywhere_in_plain(api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox) -> None:
    await register(api)
    token = await mailed_token(api, drain, sandbox)
    for table in ("password_resets", "messages", "pgqueuer", "pgqueuer_log"):
        dumped = await rows.execute(f"SELECT t::text AS row FROM {table} t")
        assert all(token not in row.row for row in dumped), table


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"new_password": "1234567"}, "too_short"),
        ({"new_password": "password123"}, "password_common"),
        ({"new_password": "soy.ana.ruiz.2"}, "password_contains_email"),
        ({"token": ""}, "string_too_short"),
        ({"email": "x"}, "extra_forbidden"),
    ],
)
async def test_a_refused_reset_changes_nothing_and_leaves_the_link_good(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox, body: dict[str, str], code: str
) -> None:
    await register(api)
    token = await mailed_token(api, drain, sandbox)
    before = await census(rows)
    refused = await api.post(RESET, {"token": token, "new_password": NEW} | body)
    assert [each["code"] for each in assert_problem(refused, 422)["errors"]] == [code]
    assert await census(rows) == before
    assert (await api.post(RESET, {"token": token, "new_password": NEW})).status_code == 204


async def test_links_that_work_no_longer(api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox) -> None:
    await register(api)
    token = await mailed_token(api, drain, sandbox)
    for change, undo in (
        ("UPDATE password_resets SET expires_at = now()", "UPDATE password_resets SET expires_at = now() + '1 hour'"),
        ("UPDATE users SET is_active = false", "UPDATE users SET is_active = true"),
    ):
        await rows.execute(change)
        assert_problem(await api.post(RESET, {"token": token, "new_password": NEW}), 422)
        await rows.execute(undo)
    assert_problem(await api.post(RESET, {"token": token[::-1], "new_password": NEW}), 422)
    assert await lets_in(api, PASSWORD)


async def test_one_link_used_twice_at_once_sets_one_password(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    token = await mailed_token(api, drain, sandbox)
    wishes = [f"clave-numero-{number}-larga" for number in range(4)]
    answers = await asyncio.gather(*(api.post(RESET, {"token": token, "new_password": wish}) for wish in wishes))
    assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422]
    taken = next(wish for wish, answer in zip(wishes, answers, strict=True) if answer.status_code == 204)
    assert await lets_in(api, taken)


async def test_a_reset_makes_every_other_link_useless(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    first = await mailed_token(api, drain, sandbox)
    await rows.execute("UPDATE password_resets SET created_at = created_at - interval '61 seconds'")
    second = await mailed_token(api, drain, sandbox)
    assert first != second
    assert (await api.post(RESET, {"token": second, "new_password": NEW})).status_code == 204
    assert_problem(await api.post(RESET, {"token": first, "new_password": PASSWORD}), 422)


async def test_a_change_needs_the_present_password_and_ends_the_other_sessions(
    api: Api, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    here, elsewhere = await sign_in(api), await sign_in(api)
    token = await mailed_token(api, drain, sandbox)
    body = {"current_password": PASSWORD, "new_password": NEW}
    response = await api.post(CHANGE, body, headers=bearer(here))
    assert (response.status_code, response.content) == (204, b"")
    assert (await api.get("/api/v1/auth/me", headers=bearer(here))).status_code == 200
    assert (await api.get("/api/v1/auth/me", headers=bearer(elsewhere))).status_code == 401
    assert (await lets_in(api, NEW), await lets_in(api, PASSWORD)) == (True, False)
    assert_problem(await api.post(RESET, {"token": token, "new_password": PASSWORD}), 422)
    assert assert_problem(await api.post(CHANGE, body, headers=bearer(here)), 422)["type"] == "/problems/wrong-password"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"current_password": PASSWORD + "x"}, "wrong-password"),
        ({"new_password": "password123"}, "details-refused"),
        ({"new_password": "short"}, "validation-failed"),
        ({"current_password": None}, "validation-failed"),
    ],
)
async def test_a_refused_change_changes_nothing(api: Api, rows: Rows, change: dict[str, Any], kind: str) -> None:
    await register(api)
    here = await sign_in(api)
    await sign_in(api)
    before = await rows.execute("SELECT password_hash, updated_at FROM users"), await census(rows)
    body = {"current_password": PASSWORD, "new_password": NEW} | change
    refused = await api.post(CHANGE, body, headers=bearer(here))
    assert assert_problem(refused, 422)["type"] == f"/problems/{kind}"
    assert (await rows.execute("SELECT password_hash, updated_at FROM users"), await census(rows)) == before
    assert [session.revoked_at for session in await rows.all(UserSession)] == [None, None]


async def test_a_change_needs_somebody_signed_in(api: Api) -> None:
    assert_problem(await api.post(CHANGE, {"current_password": PASSWORD, "new_password": NEW}), 401)


async def test_a_session_that_begins_while_the_password_changes_is_of_the_new_one(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    """Whoever signs in with the old password just then is out, whichever of the two commits first."""
    await register(api)
    token = await mailed_token(api, drain, sandbox)
    answers = await asyncio.gather(
        *(api.post(LOGIN, {"email": ANA["email"], "password": PASSWORD}) for _ in range(4)),
        api.post(RESET, {"token": token, "new_password": NEW}),
        *(api.post(LOGIN, {"email": ANA["email"], "password": PASSWORD}) for _ in range(4)),
    )
    assert answers[4].status_code == 204
    let_in = [answer.json() for answer in answers if answer.status_code == 200]
    assert [(await api.get("/api/v1/auth/me", headers=bearer(tokens))).status_code for tokens in let_in] == [
        401 for _ in let_in
    ]
    assert await rows.count(User) == 1
