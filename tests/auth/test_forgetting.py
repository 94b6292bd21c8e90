"""What ended long ago is deleted, and nothing that is still needed."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mestore.app.subscriptions import PERIODIC
from mestore.auth.ended_repository import EndedRepository
from mestore.auth.models import OtpCode, PasswordReset, RefreshToken
from mestore.core.database import transaction
from mestore.core.world import World
from mestore.users.models import UserSession
from tests.api import Api
from tests.auth.people import ANA, bearer, register, sign_in
from tests.auth.test_session_list import is_in, sign_in_on
from tests.auth.test_sessions import refresh
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
Forget = Callable[[], Awaitable[None]]
(TASK,) = [task for task in PERIODIC if task.name == "auth.forget_what_ended"]


@pytest.fixture
def forget(world: World) -> Forget:
    return lambda: TASK.handle(world)


async def pass_days(rows: Rows, days: int) -> None:
    """As if everything had been so many days ago."""
    for table, moments in {
        "user_sessions": ("created_at", "revoked_at"),
        "refresh_tokens": ("created_at", "expires_at", "used_at"),
        "otp_codes": ("created_at", "expires_at", "consumed_at", "invalidated_at"),
        "password_resets": ("created_at", "expires_at", "used_at", "invalidated_at"),
    }.items():
        changes = ", ".join(f"{moment} = {moment} - make_interval(days => :days)" for moment in moments)
        await rows.execute(f"UPDATE {table} SET {changes}", days=days)


async def test_a_session_is_forgotten_90_days_after_it_ran_out(api: Api, rows: Rows, forget: Forget) -> None:
    await register(api)
    await refresh(api, (await sign_in(api))["refresh_token"])
    await pass_days(rows, 7 + 89)
    await forget()
    assert (await rows.count(UserSession), await rows.count(RefreshToken)) == (1, 2)
    await pass_days(rows, 1)
    await forget()
    assert (await rows.count(UserSession), await rows.count(RefreshToken)) == (0, 0)


async def test_a_session_that_was_ended_is_forgotten_too_and_no_sooner(api: Api, rows: Rows, forget: Forget) -> None:
    await register(api)
    tokens = await sign_in(api)
    await api.post("/api/v1/auth/logout", headers=bearer(tokens))
    await pass_days(rows, 7 + 89)
    await forget()
    assert await rows.count(UserSession) == 1
    assert (await refresh(api, tokens["refresh_token"]))[0] == 401
    await pass_days(rows, 1)
    await forget()
    assert await rows.count(UserSession) == 0
    assert (await refresh(api, tokens["refresh_token"]))[0] == 401


async def test_a_session_that_goes_on_keeps_all_its_tokens_and_a_thief_is_still_recognised(
    api: Api, rows: Rows, forget: Forget
) -> None:
    await register(api)
    first = await sign_in(api)
    _, second = await refresh(api, first["refresh_token"])
    await pass_days(rows, 400)
    await rows.execute("UPDATE refresh_tokens SET expires_at = now() + interval '1 day' WHERE used_at IS NULL")
    await forget()
    assert await is_in(api, second)
    _, third = await refresh(api, second["refresh_token"])
    assert (await refresh(api, first["refresh_token"]))[0] == 401
    assert not await is_in(api, third), "the stolen one was recognised, and ended the session"


async def test_codes_and_links_are_forgotten_a_week_after_they_ended(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox, forget: Forget
) -> None:
    await register(api)
    await api.post("/api/v1/auth/forgot-password", {"email": ANA["email"]})
    await drain()
    await forget()
    for days in (7, 1):
        assert (await rows.count(OtpCode), await rows.count(PasswordReset)) == (1, 1)
        await pass_days(rows, days)
        if days == 7:
            await rows.execute("UPDATE otp_codes SET consumed_at = created_at")
            await rows.execute("UPDATE password_resets SET used_at = created_at")
        await forget()
    assert (await rows.count(OtpCode), await rows.count(PasswordReset)) == (0, 0)


async def test_many_are_deleted_in_batches_by_two_workers_at_once(api: Api, rows: Rows, forget: Forget) -> None:
    user = await register(api)
    going_on = await sign_in(api)
    await rows.execute(
        """
        WITH ended AS (
            INSERT INTO user_sessions (id, user_id) SELECT gen_random_uuid(), :id FROM generate_series(1, 180)
            RETURNING id
        )
        INSERT INTO refresh_tokens (session_id, token_hash, expires_at)
        SELECT id, decode(md5(id::text), 'hex'), now() - interval '1 year' FROM ended
        """,
        id=user["id"],
    )
    await rows.execute(
        """
        INSERT INTO otp_codes (user_id, purpose, code_hash, attempts, expires_at, consumed_at)
        SELECT :id, 'VERIFY_PHONE', '', 0, now() - interval '1 year', now() FROM generate_series(1, 2500)
        """,
        id=user["id"],
    )
    await asyncio.gather(forget(), forget())
    assert (await rows.count(UserSession), await rows.count(RefreshToken), await rows.count(OtpCode)) == (1, 1, 0)
    assert await is_in(api, going_on)


@pytest.mark.parametrize("held", ["user_sessions", "users"])
async def test_what_somebody_else_holds_is_left_for_another_time(
    api: Api, rows: Rows, world: World, forget: Forget, held: str
) -> None:
    """As whoever is being erased: nobody waits for the other, and the rest goes."""
    for email in (ANA["email"], "otra@example.co"):
        await register(api, email=email)
        await sign_in(api, email)
    await pass_days(rows, 200)
    async with transaction(world.sessions) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(f"SELECT id FROM {held} ORDER BY id LIMIT 1 FOR UPDATE")
        async with asyncio.timeout(2):
            await forget()
        assert await rows.count(UserSession) == 1
    await forget()
    assert await rows.count(UserSession) == 0


async def test_a_batch_tells_how_many_it_deleted(api: Api, rows: Rows, world: World) -> None:
    await register(api)
    await sign_in(api)
    await pass_days(rows, 100)
    kept = (await rows.execute("SELECT interval '90 days'"))[0][0]
    for deleted in (1, 0):
        async with transaction(world.sessions) as session:
            assert await EndedRepository(session).forget_sessions(kept) == deleted


async def test_a_device_is_told_of_also_when_all_sessions_are_forgotten(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox, forget: Forget
) -> None:
    await register(api)
    await sign_in_on(api, "Phone/1")
    await pass_days(rows, 100)
    await rows.execute("UPDATE users SET created_at = created_at - interval '100 days'")
    await forget()
    assert await rows.count(UserSession) == 0
    await sign_in_on(api, "Ladrona/1")
    await drain()
    (mail,) = [mail for mail in sandbox.mails(ANA["email"]) if "dispositivo nuevo" in mail["subject"]]
    assert "Ladrona/1" in mail["text"]
