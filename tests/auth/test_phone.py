"""Verifying a phone and signing in with it: codes by SMS, and what stands in the way of asking for many."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from mestore.app.api import behind_gate, create_app
from mestore.auth.models import Authenticator, OtpCode, OtpPurpose
from mestore.core.database import transaction
from mestore.core.settings import SmsSettings
from mestore.core.world import World
from mestore.notifications.models import Message
from mestore.users.models import User, UserSession, UserType
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
AUTH = "/api/v1/auth"
SEND, VERIFY = f"{AUTH}/send-verification-sms", f"{AUTH}/verify-phone-otp"
ASK, LOG_IN = f"{AUTH}/login/otp", f"{AUTH}/login/otp/verify"
PHONE, UNKNOWN = "+573001112233", "+573009998877"
MINUTE_AGO = "UPDATE otp_codes SET created_at = created_at - interval '61 seconds'"


def texted(sandbox: RunningSandbox, phone: str = PHONE) -> list[str]:
    """The codes, newest first."""
    found = [re.search(r"\b\d{6}\b", sms["body"]) for sms in sandbox.sms(phone)]
    return [match.group() for match in found if match]


def others(code: str, count: int) -> list[str]:
    return [f"{(int(code) + offset) % 1_000_000:06}" for offset in range(1, count + 1)]


async def a_minute_passes(world: World, rows: Rows) -> None:
    await rows.execute(MINUTE_AGO)
    pauses = await world.redis.keys("limit:sms_pause/*")
    if pauses:
        await world.redis.delete(*pauses)


async def holder(make: Make, **more: Any) -> User:
    return await make.buyer(**({"phone": PHONE, "phone_verified": True} | more))


async def test_a_phone_is_verified_once(api: Api, make: Make, drain: Drain, sandbox: RunningSandbox) -> None:
    user = await make.buyer(phone=PHONE)
    asked = await api.post(SEND, by=user)
    assert (asked.status_code, asked.json()) == (202, {"resend_after": 60})
    await drain()
    (code,) = texted(sandbox)
    (sms,) = sandbox.sms(PHONE)
    assert (sms["from"], len(sms["body"]) <= 160) == ("+15005550006", True)
    verified = await api.post(VERIFY, {"code": code}, by=user)
    assert (verified.status_code, verified.json()["phone_verified"]) == (200, True)
    assert_problem(await api.post(VERIFY, {"code": code}, by=user), 422)
    assert assert_problem(await api.post(SEND, by=user), 409)["type"] == "/problems/phone-already-verified"


async def test_no_code_lies_anywhere_in_plain(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await make.buyer(phone=PHONE)
    await api.post(SEND, by=user)
    jobs = await rows.execute("SELECT payload FROM pgqueuer")
    assert [row.payload for row in jobs] == [b'{"user_id":"%s","purpose":"VERIFY_PHONE"}' % str(user.id).encode()]
    await drain()
    (code,) = texted(sandbox)
    for table in ("otp_codes", "messages", "pgqueuer", "pgqueuer_log"):
        dumped = await rows.execute(f"SELECT t::text AS row FROM {table} t")
        assert all(code not in re.findall(r"\d+", row.row) for row in dumped), table
        assert all(PHONE not in row.row for row in dumped), table


async def test_F61_fifty_guesses_at_once_look_at_five(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await make.buyer(phone=PHONE)
    await api.post(SEND, by=user)
    await drain()
    (code,) = texted(sandbox)
    guesses = await asyncio.gather(*(api.post(VERIFY, {"code": guess}, by=user) for guess in others(code, 50)))
    assert {guess.status_code for guess in guesses} == {422}
    assert [otp.attempts for otp in await rows.all(OtpCode)] == [5]
    assert (await api.post(VERIFY, {"code": code}, by=user)).status_code == 422
    assert not (await rows.get(User, user.id)).phone_verified


async def test_a_code_to_the_old_number_verifies_no_other(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await make.buyer(phone=PHONE)
    await api.post(SEND, by=user)
    await drain()
    (code,) = texted(sandbox)
    assert (await api.request("PATCH", f"{AUTH}/me", by=user, json={"phone": UNKNOWN})).status_code == 200
    assert_problem(await api.post(VERIFY, {"code": code}, by=user), 422)
    assert not (await rows.get(User, user.id)).phone_verified


async def test_a_number_is_of_whoever_showed_it_last(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox, world: World
) -> None:
    before, now = await holder(make), await make.buyer(phone=PHONE)
    await api.post(SEND, by=now)
    await drain()
    (code,) = texted(sandbox)
    assert (await api.post(VERIFY, {"code": code}, by=now)).status_code == 200
    assert [(await rows.get(User, user.id)).phone_verified for user in (before, now)] == [False, True]
    await a_minute_passes(world, rows)
    await api.post(ASK, {"phone": PHONE})
    await drain()
    signed_in = await api.post(LOG_IN, {"phone": PHONE, "code": texted(sandbox)[0]})
    assert signed_in.json()["user"]["id"] == str(now.id)


async def test_signing_in_by_phone(api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox) -> None:
    user = await holder(make)
    asked = await api.post(ASK, {"phone": "300 111 2233"})
    assert (asked.status_code, asked.json()) == (202, {"resend_after": 60})
    await drain()
    (code,) = texted(sandbox)
    signed_in = await api.post(LOG_IN, {"phone": "3001112233", "code": code})
    assert signed_in.status_code == 200, signed_in.text
    tokens = signed_in.json()
    me = await api.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.json()["id"] == str(user.id) == tokens["user"]["id"]
    assert (await api.post(f"{AUTH}/refresh-token", {"refresh_token": tokens["refresh_token"]})).status_code == 200
    assert_problem(await api.post(LOG_IN, {"phone": PHONE, "code": code}), 422)
    assert [session.second_factor for session in await rows.all(UserSession)] == [False]


async def test_the_refresh_token_as_a_cookie(api: Api, make: Make, drain: Drain, sandbox: RunningSandbox) -> None:
    await holder(make)
    await api.post(ASK, {"phone": PHONE})
    await drain()
    body = {"phone": PHONE, "code": texted(sandbox)[0], "transport": "cookie"}
    signed_in = await api.post(LOG_IN, body)
    assert signed_in.json()["refresh_token"] is None
    cookie = signed_in.headers["set-cookie"]
    for said in ("HttpOnly", "Secure", "SameSite=strict"):
        assert said in cookie


async def test_who_has_no_verified_phone_hears_the_same_and_gets_none(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await make.buyer(phone=PHONE)
    inactive = await holder(make, phone="+573001112244", is_active=False)
    admin = await make.user(UserType.ADMIN, phone="+573001112255", phone_verified=True)
    careful = await holder(make, phone="+573001112266")
    await rows.execute(
        "INSERT INTO authenticators (user_id, secret, confirmed_at, last_step) VALUES (:id, '', now(), 0)",
        id=careful.id,
    )
    known = await holder(make, phone="+573001112277")
    phones = [UNKNOWN, PHONE, inactive.phone, admin.phone, careful.phone, known.phone]
    answers = [await api.post(ASK, {"phone": phone}) for phone in phones]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, '{"resend_after":60}')}
    await drain()
    assert [bool(sandbox.sms(phone)) for phone in phones] == [False] * 5 + [True]
    refused = {(await api.post(LOG_IN, {"phone": phone, "code": "000000"})).status_code for phone in phones}
    assert refused == {422}
    assert await rows.count(UserSession) == 0
    assert await rows.count(Authenticator) == 1


async def test_a_second_factor_set_up_meanwhile_counts(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await holder(make)
    await api.post(ASK, {"phone": PHONE})
    await drain()
    await rows.execute(
        "INSERT INTO authenticators (user_id, secret, confirmed_at, last_step) VALUES (:id, '', now(), 0)", id=user.id
    )
    assert_problem(await api.post(LOG_IN, {"phone": PHONE, "code": texted(sandbox)[0]}), 422)


async def test_F61_the_right_code_many_times_at_once_is_one_session(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await holder(make)
    await api.post(ASK, {"phone": PHONE})
    await drain()
    body = {"phone": PHONE, "code": texted(sandbox)[0]}
    answers = await asyncio.gather(*(api.post(LOG_IN, body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 9
    assert await rows.count(UserSession) == 1


async def test_a_code_to_verify_signs_nobody_in(api: Api, make: Make, drain: Drain, sandbox: RunningSandbox) -> None:
    user = await make.buyer(phone=PHONE)
    await api.post(SEND, by=user)
    await drain()
    assert_problem(await api.post(LOG_IN, {"phone": PHONE, "code": texted(sandbox)[0]}), 422)


@pytest.mark.parametrize("phone", [PHONE, UNKNOWN], ids=["known", "unknown"])
async def test_within_a_minute_no_second_code_is_sent(
    phone: str, api: Api, make: Make, drain: Drain, sandbox: RunningSandbox
) -> None:
    await holder(make)
    await api.post(ASK, {"phone": phone})
    await drain()
    again = await api.post(ASK, {"phone": phone})
    assert again.status_code == 202
    assert 0 < again.json()["resend_after"] <= 60
    await drain()
    assert len(texted(sandbox, phone)) == (1 if phone == PHONE else 0)


@pytest.mark.parametrize("phone", [PHONE, UNKNOWN], ids=["known", "unknown"])
async def test_five_codes_an_hour_for_each_number(
    phone: str, api: Api, make: Make, rows: Rows, drain: Drain, world: World, sandbox: RunningSandbox
) -> None:
    await holder(make)
    for _ in range(5):
        assert (await api.post(ASK, {"phone": phone})).status_code == 202
        await drain()
        await a_minute_passes(world, rows)
    sixth = await api.post(ASK, {"phone": phone})
    assert assert_problem(sixth, 429)["type"] == "/problems/too-many-codes"
    assert 0 < int(sixth.headers["retry-after"]) <= 3600
    await drain()
    assert len(texted(sandbox, phone)) == (5 if phone == PHONE else 0)


async def test_F71_one_address_does_not_reach_every_number(world: World) -> None:
    limits = world.settings.limits.model_copy(update={"factor": 1, "codes": "100/hour"})
    proxied = world.settings.api.model_copy(update={"trusted_proxies": [ip_network("127.0.0.1")]})
    sms = SmsSettings(base_url=world.settings.sms.base_url, codes_per_address_per_hour=3)
    settings = world.settings.model_copy(update={"limits": limits, "api": proxied, "sms": sms})
    app = create_app(settings)
    app.state.world = replace(world, settings=settings)
    transport = httpx.ASGITransport(behind_gate(app, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        got = [
            (
                await http.post(
                    ASK, json={"phone": f"+5730011122{number}"}, headers={"X-Forwarded-For": f"2001:db8:1:1::{number}"}
                )
            ).status_code
            for number in range(10, 15)
        ]
        other = await http.post(ASK, json={"phone": PHONE}, headers={"X-Forwarded-For": "203.0.113.9"})
    assert got == [202, 202, 202, 429, 429], "one household of IPv6 is one address"
    assert other.status_code == 202


async def test_wishes_at_once_make_one_code(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await holder(make)
    answers = await asyncio.gather(*(api.post(ASK, {"phone": PHONE}) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    await drain()
    assert await rows.count(OtpCode) == 1
    assert len(texted(sandbox)) == 1


async def test_both_verifying_routes_need_somebody_signed_in(api: Api, rows: Rows) -> None:
    before = await census(rows)
    assert_problem(await api.post(SEND), 401)
    assert_problem(await api.post(VERIFY, {"code": "123456"}), 401)
    assert await census(rows) == before


@pytest.mark.parametrize("body", [{}, {"phone": "12"}, {"phone": None}, {"phone": PHONE, "user_id": 1}], ids=str)
async def test_what_is_no_phone(body: dict[str, Any], api: Api, rows: Rows) -> None:
    before = await census(rows)
    assert_problem(await api.post(ASK, body), 422)
    assert_problem(await api.post(LOG_IN, {"code": "123456"} | body), 422)
    assert await census(rows) == before


async def test_without_redis_the_caps_still_hold(
    api: Api, make: Make, world: World, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    """They are counted in this process then, and the account's own in PostgreSQL always."""
    await holder(make)
    await api.post(ASK, {"phone": PHONE})
    await drain()
    await world.redis.flushdb()
    assert (await api.post(ASK, {"phone": PHONE})).status_code == 202
    await drain()
    async with transaction(world.sessions) as session:
        purposes = (await session.scalars(select(OtpCode.purpose))).all()
    assert purposes == [OtpPurpose.LOGIN_PHONE], "FLUSHALL sends nobody a second one within the minute"
    assert await rows.count(Message) == 1
