"""A second factor: set up, asked for, used once, and taken away; and what administrators need of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest
from pydantic import SecretStr

from mestore.app.api import behind_gate, create_app
from mestore.auth import totp
from mestore.auth.models import Authenticator, RecoveryCode
from mestore.core.settings import Environment
from mestore.core.world import World
from mestore.users.current import CurrentAdmin
from mestore.users.models import UserSession, UserType
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, register, sign_in
from tests.problems import assert_problem, census
from tests.rows import Rows

LOGIN, ADMIN_LOGIN = "/api/v1/auth/login", "/api/v1/auth/admin-login"
MFA = "/api/v1/auth/mfa"
WHO = {"email": ANA["email"], "password": PASSWORD}
DESK = "/api/v1/desk"


class Phone:
    """An authenticator application, with the clock of the API. A code that was shown is not shown again."""

    def __init__(self, secret: str, world: World) -> None:
        self._totp = pyotp.TOTP(secret)
        self._world = world
        self._steps = 0

    def code(self) -> str:
        moment = self._world.now() + timedelta(seconds=30 * self._steps)
        self._steps = 1
        return self._totp.at(moment)

    def old_code(self) -> str:
        return self._totp.at(self._world.now() - timedelta(minutes=5))


async def enroll(api: Api, world: World, who: dict[str, str]) -> Phone:
    response = await api.post(f"{MFA}/enroll", {"password": PASSWORD}, headers=who)
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"secret", "otpauth_url"}
    secret = response.json()["secret"]
    assert response.json()["otpauth_url"].startswith("otpauth://totp/MeStore:ana.ruiz%40example.co?")
    return Phone(secret, world)


async def enabled(api: Api, world: World) -> tuple[Phone, list[str], dict[str, str]]:
    await register(api)
    who = bearer(await sign_in(api))
    phone = await enroll(api, world, who)
    response = await api.post(f"{MFA}/confirm", {"code": phone.code()}, headers=who)
    assert response.status_code == 200, response.text
    return phone, response.json()["recovery_codes"], who


async def attempt(api: Api, otp_code: str | None = None, path: str = LOGIN) -> str:
    """`in`, or the problem type."""
    body = WHO | ({"otp_code": otp_code} if otp_code else {})
    response = await api.post(path, body)
    return "in" if response.status_code == 200 else str(assert_problem(response, 401, 429)["type"])


REQUIRED, REFUSED = "/problems/mfa-required", "/problems/invalid-credentials"


async def test_a_code_is_asked_for_after_a_right_password_only(api: Api, world: World) -> None:
    phone, _, _ = await enabled(api, world)
    wrong = await api.post(LOGIN, WHO | {"password": PASSWORD + "x"})
    assert assert_problem(wrong, 401)["type"] == REFUSED
    assert await attempt(api) == REQUIRED
    assert await attempt(api, "000000") == REFUSED
    assert await attempt(api, phone.old_code()) == REFUSED
    assert await attempt(api, phone.code()) == "in"


async def test_nothing_is_asked_for_until_it_is_confirmed(api: Api, world: World, rows: Rows) -> None:
    await register(api)
    who = bearer(await sign_in(api))
    first, second = await enroll(api, world, who), await enroll(api, world, who)
    assert (await api.get(MFA, headers=who)).json() == {
        "enabled": False,
        "confirmed_at": None,
        "recovery_codes_left": 0,
    }
    assert await attempt(api) == "in"
    refused = await api.post(f"{MFA}/confirm", {"code": first.code()}, headers=who)
    assert assert_problem(refused, 422)["type"] == "/problems/wrong-second-factor"
    assert await rows.count(RecoveryCode) == 0
    assert (await api.post(f"{MFA}/confirm", {"code": second.code()}, headers=who)).status_code == 200
    assert await attempt(api) == REQUIRED


async def test_no_code_works_twice(api: Api, world: World) -> None:
    phone, _, _ = await enabled(api, world)
    code = phone.code()
    answers = await asyncio.gather(*(attempt(api, code) for _ in range(4)))
    assert sorted(answers) == [*[REFUSED] * 3, "in"]
    assert await attempt(api, code) == REFUSED


async def test_a_recovery_code_stands_in_once(api: Api, world: World, rows: Rows) -> None:
    _, codes, who = await enabled(api, world)
    assert len(set(codes)) == 10
    assert await attempt(api, codes[0]) == "in"
    assert await attempt(api, codes[0]) == REFUSED
    assert await attempt(api, codes[1].upper().replace("-", " ")) == "in"
    state = (await api.get(MFA, headers=who)).json()
    assert (state["enabled"], state["recovery_codes_left"]) == (True, 8)
    for table in ("recovery_codes", "authenticators"):
        dumped = await rows.execute(f"SELECT t::text AS row FROM {table} t")
        assert all(code not in row.row and code.replace("-", "") not in row.row for row in dumped for code in codes)


async def test_a_secret_is_kept_encrypted_and_survives_a_change_of_the_key(api: Api, world: World, rows: Rows) -> None:
    await register(api)
    who = bearer(await sign_in(api))
    secret = (await api.post(f"{MFA}/enroll", {"password": PASSWORD}, headers=who)).json()["secret"]
    (stored,) = await rows.all(Authenticator)
    old = world.settings.auth
    new = old.model_copy(update={"secret": SecretStr("n" * 32), "previous_secrets": [old.secret]})
    assert secret.encode() not in stored.secret
    assert (totp.decrypt(old, stored.secret), totp.decrypt(new, stored.secret)) == (secret, secret)
    assert totp.decrypt(new.model_copy(update={"previous_secrets": []}), stored.secret) is None


async def test_five_wrong_codes_lock_the_account(api: Api, world: World) -> None:
    phone, _, _ = await enabled(api, world)
    for number in range(5):
        assert await attempt(api) == REQUIRED, "a right password alone ends no count"
        assert await attempt(api, f"00000{number}") == REFUSED
    assert await attempt(api) == REFUSED
    assert await attempt(api, phone.code()) == REFUSED


async def test_taking_it_away_needs_password_and_code(api: Api, world: World, rows: Rows) -> None:
    phone, codes, who = await enabled(api, world)
    disable = f"{MFA}/disable"
    before = await census(rows)
    for body, kind in (
        ({"password": PASSWORD + "x", "otp_code": codes[0]}, "wrong-password"),
        ({"password": PASSWORD, "otp_code": "000000"}, "wrong-second-factor"),
        ({"password": PASSWORD}, "validation-failed"),
    ):
        assert assert_problem(await api.post(disable, body, headers=who), 422)["type"] == f"/problems/{kind}"
    assert await census(rows) == before
    assert await attempt(api) == REQUIRED
    body = {"password": PASSWORD, "otp_code": phone.code()}
    done = await api.post(disable, body, headers=who)
    assert (done.status_code, done.content) == (204, b"")
    assert await attempt(api) == "in"
    assert (await rows.count(Authenticator), await rows.count(RecoveryCode)) == (0, 0)
    assert assert_problem(await api.post(disable, body, headers=who), 409)["type"] == "/problems/mfa-not-enabled"


async def test_setting_it_up_needs_the_password_and_happens_once(api: Api, world: World) -> None:
    phone, _, who = await enabled(api, world)
    again = await api.post(f"{MFA}/enroll", {"password": PASSWORD}, headers=who)
    assert assert_problem(again, 409)["type"] == "/problems/mfa-already-enabled"
    again = await api.post(f"{MFA}/confirm", {"code": phone.code()}, headers=who)
    assert assert_problem(again, 409)["type"] == "/problems/mfa-already-enabled"


async def test_a_thief_of_a_session_sets_nothing_up(api: Api, rows: Rows) -> None:
    await register(api)
    who = bearer(await sign_in(api))
    refused = await api.post(f"{MFA}/enroll", {"password": "no-es-la-clave"}, headers=who)
    assert assert_problem(refused, 422)["type"] == "/problems/wrong-password"
    assert assert_problem(await api.post(f"{MFA}/confirm", {"code": "123456"}, headers=who), 409)
    assert await rows.count(Authenticator) == 0


async def test_all_need_somebody_signed_in(api: Api) -> None:
    assert_problem(await api.get(MFA), 401)
    bodies: dict[str, dict[str, Any]] = {
        "enroll": {"password": PASSWORD},
        "confirm": {"code": "123456"},
        "disable": {"password": PASSWORD, "otp_code": "123456"},
    }
    for name, body in bodies.items():
        assert_problem(await api.post(f"{MFA}/{name}", body), 401)


async def promote(rows: Rows, kind: UserType) -> None:
    await rows.execute("UPDATE users SET user_type = :kind WHERE email_key = :email", kind=kind, email=ANA["email"])


@pytest.mark.parametrize("kind", [UserType.ADMIN, UserType.SUPERUSER])
async def test_administrators_sign_in_at_a_door_of_their_own(api: Api, rows: Rows, kind: UserType) -> None:
    await register(api)
    await promote(rows, kind)
    response = await api.post(ADMIN_LOGIN, WHO)
    assert response.status_code == 200
    assert response.json()["user"]["user_type"] == kind
    assert response.json()["refresh_token"]
    assert (await api.get("/api/v1/auth/me", headers=bearer(response.json()))).status_code == 200


@pytest.mark.parametrize("kind", [UserType.BUYER, UserType.VENDOR, UserType.SYSTEM])
async def test_others_hear_there_what_a_wrong_password_hears(api: Api, rows: Rows, kind: UserType) -> None:
    await register(api)
    await promote(rows, kind)
    right, wrong = [await api.post(ADMIN_LOGIN, WHO | {"password": word}) for word in (PASSWORD, "no-es-la-clave")]
    said = [{**assert_problem(answer, 401), "request_id": None} for answer in (right, wrong)]
    assert said[0] == said[1]
    assert await rows.count(UserSession) == 0
    for _ in range(3):
        await api.post(ADMIN_LOGIN, WHO)
    assert await attempt(api) == REFUSED, "it counts as a failure, like a wrong password"


async def test_an_administrator_is_asked_for_its_code_there_too(api: Api, rows: Rows, world: World) -> None:
    phone, _, _ = await enabled(api, world)
    await promote(rows, UserType.ADMIN)
    assert await attempt(api, path=ADMIN_LOGIN) == REQUIRED
    assert await attempt(api, phone.code(), ADMIN_LOGIN) == "in"


async def desk(_: CurrentAdmin) -> str:
    return "What administrators do."


@asynccontextmanager
async def with_desk(world: World, environment: Environment) -> AsyncIterator[Api]:
    there = replace(world, settings=world.settings.model_copy(update={"environment": environment}))
    app = create_app(there.settings)
    app.add_api_route(DESK, desk)
    app.state.world = there
    transport = httpx.ASGITransport(behind_gate(app, there.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Api(http, there)


async def test_in_production_an_administrator_does_nothing_without_a_second_factor(rows: Rows, world: World) -> None:
    async with with_desk(world, Environment.PRODUCTION) as api:
        await register(api)
        await promote(rows, UserType.ADMIN)
        who = bearer((await api.post(ADMIN_LOGIN, WHO)).json())
        refused = await api.get(DESK, headers=who)
        assert assert_problem(refused, 403)["type"] == "/problems/second-factor-needed"
        phone = await enroll(api, world, who)
        await api.post(f"{MFA}/confirm", {"code": phone.code()}, headers=who)
        assert (await api.get(DESK, headers=who)).status_code == 200, "confirming it shows it"
        assert await attempt(api, path=ADMIN_LOGIN) == REQUIRED
        body = {"password": PASSWORD, "otp_code": phone.code()}
        assert (await api.post(f"{MFA}/disable", body, headers=who)).status_code == 204
        assert_problem(await api.get(DESK, headers=who), 403)


async def test_on_a_laptop_an_administrator_needs_none_and_others_never_get_in(rows: Rows, world: World) -> None:
    async with with_desk(world, Environment.DEVELOPMENT) as api:
        await register(api)
        buyer = bearer(await sign_in(api))
        assert assert_problem(await api.get(DESK, headers=buyer), 403)["type"] == "/problems/wrong-account-type"
        await promote(rows, UserType.ADMIN)
        signed_in = await api.post(ADMIN_LOGIN, WHO)
        assert (await api.get(DESK, headers=bearer(signed_in.json()))).status_code == 200
