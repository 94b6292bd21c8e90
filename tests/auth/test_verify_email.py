import asyncio
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

from mestore.auth.events import EmailVerificationWished
from mestore.auth.models import OtpCode
from mestore.core.database import transaction
from mestore.core.ids import UserId
from mestore.core.jobs import publish
from mestore.core.world import World
from mestore.users.models import User, UserType
from tests.api import Api
from tests.auth.people import bearer, register, sign_in
from tests.make import Make
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
SEND = "/api/v1/auth/send-verification-email"
VERIFY = "/api/v1/auth/verify-email-otp"
MINUTE_AGO = "UPDATE otp_codes SET created_at = created_at - interval '61 seconds'"


def mailed_codes(sandbox: RunningSandbox, user: User) -> list[str]:
    """Newest first."""
    found = [re.search(r"\b\d{6}\b", mail["text"]) for mail in sandbox.mails(user.email)]
    return [match.group() for match in found if match]


def others(code: str, count: int) -> list[str]:
    return [f"{(int(code) + offset) % 1_000_000:06}" for offset in range(1, count + 1)]


async def newcomer(make: Make, name: str) -> User:
    email = f"{name}@example.co"
    return await make.buyer(email=email, email_key=email, email_verified=False)


async def test_registering_mails_a_code_that_verifies_once(api: Api, drain: Drain, sandbox: RunningSandbox) -> None:
    await register(api, email="codigo.ana@example.co")
    await drain()
    (mail,) = sandbox.mails("codigo.ana@example.co")
    (code,) = re.findall(r"\b\d{6}\b", mail["text"])
    assert re.findall(r"\b\d{6}\b", mail["html"]) == [code]
    assert code not in mail["subject"]
    headers = bearer(await sign_in(api, "codigo.ana@example.co"))
    response = await api.post(VERIFY, {"code": code}, headers=headers)
    assert (response.status_code, response.json()["email_verified"]) == (200, True)
    again = await api.post(VERIFY, {"code": code}, headers=headers)
    assert (again.status_code, again.json()["type"]) == (422, "/problems/invalid-code")
    await drain()
    assert [mail["subject"] for mail in sandbox.mails("codigo.ana@example.co")] == [
        "Te damos la bienvenida a MeStore",
        "Tu código para verificar el correo",
    ]


async def test_no_code_lies_anywhere_in_plain(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await newcomer(make, "secreta")
    await api.post(SEND, by=user)
    jobs = await rows.execute("SELECT payload FROM pgqueuer")
    assert [row.payload for row in jobs] == [b'{"user_id":"%s"}' % str(user.id).encode()]
    await drain()
    (code,) = mailed_codes(sandbox, user)
    for table in ("otp_codes", "messages", "pgqueuer", "pgqueuer_log"):
        dumped = await rows.execute(f"SELECT t::text AS row FROM {table} t")
        assert all(code not in re.findall(r"\d+", row.row) for row in dumped), table
    (stored,) = await rows.all(OtpCode)
    assert code.encode() not in stored.code_hash


async def test_F61_fifty_guesses_at_once_look_at_five(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await newcomer(make, "adivinada")
    await api.post(SEND, by=user)
    await drain()
    (code,) = mailed_codes(sandbox, user)
    guesses = await asyncio.gather(*(api.post(VERIFY, {"code": guess}, by=user) for guess in others(code, 50)))
    assert {guess.status_code for guess in guesses} == {422}
    assert [otp.attempts for otp in await rows.all(OtpCode)] == [5]
    right = await api.post(VERIFY, {"code": code}, by=user)
    assert right.status_code == 422, "after five wrong guesses the right one comes too late"
    assert not (await rows.get(User, user.id)).email_verified


async def test_F61_the_right_code_twice_at_once_is_one_success(
    api: Api, make: Make, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await newcomer(make, "doble")
    await api.post(SEND, by=user)
    await drain()
    (code,) = mailed_codes(sandbox, user)
    responses = await asyncio.gather(*(api.post(VERIFY, {"code": code}, by=user) for _ in range(5)))
    assert sorted(response.status_code for response in responses) == [200, 422, 422, 422, 422]


async def test_a_code_expires_and_is_not_another_s(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user, stranger = await newcomer(make, "lenta"), await newcomer(make, "extrana")
    await api.post(SEND, by=user)
    await drain()
    (code,) = mailed_codes(sandbox, user)
    assert (await api.post(VERIFY, {"code": code}, by=stranger)).status_code == 422
    await rows.execute("UPDATE otp_codes SET expires_at = now()")
    assert (await api.post(VERIFY, {"code": code}, by=user)).status_code == 422
    assert not any(user.email_verified for user in await rows.all(User))


async def test_a_new_code_replaces_the_one_before(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await newcomer(make, "impaciente")
    await api.post(SEND, by=user)
    await drain()
    await rows.execute(MINUTE_AGO)
    await api.post(SEND, by=user)
    await drain()
    new, old = mailed_codes(sandbox, user)
    if old != new:
        assert (await api.post(VERIFY, {"code": old}, by=user)).status_code == 422
    assert (await api.post(VERIFY, {"code": new}, by=user)).status_code == 200


async def test_within_a_minute_no_second_code_is_sent(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await newcomer(make, "repetida")
    first = await api.post(SEND, by=user)
    assert (first.status_code, first.json()) == (202, {"resend_after": 60})
    await drain()
    second = await api.post(SEND, by=user)
    assert second.status_code == 202
    assert 0 < second.json()["resend_after"] <= 60
    await drain()
    assert len(mailed_codes(sandbox, user)) == 1
    assert await rows.count(OtpCode) == 1


async def test_wishes_at_once_make_one_code(world: World, make: Make, rows: Rows, drain: Drain) -> None:
    user = await newcomer(make, "prisa")
    async with transaction(world.sessions) as session:
        await publish(session, *[EmailVerificationWished(user.id)] * 10)
    await drain()
    assert await rows.count(OtpCode) == 1


async def test_five_codes_an_hour(api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox) -> None:
    user = await newcomer(make, "insistente")
    for _ in range(5):
        assert (await api.post(SEND, by=user)).status_code == 202
        await drain()
        await rows.execute(MINUTE_AGO)
    sixth = await api.post(SEND, by=user)
    assert (sixth.status_code, sixth.json()["type"]) == (429, "/problems/too-many-codes")
    assert 0 < sixth.json()["retry_after"] <= 3600
    assert len(mailed_codes(sandbox, user)) == 5
    await rows.execute("UPDATE otp_codes SET created_at = created_at - interval '1 hour'")
    assert (await api.post(SEND, by=user)).status_code == 202


async def test_a_verified_address_needs_no_code(api: Api, make: Make, rows: Rows, drain: Drain) -> None:
    user = await make.user(UserType.VENDOR)
    response = await api.post(SEND, by=user)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/email-already-verified")
    await drain()
    assert await rows.count(OtpCode) == 0


async def test_a_wish_of_an_erased_account_is_let_go(world: World, rows: Rows, drain: Drain) -> None:
    async with transaction(world.sessions) as session:
        await publish(session, EmailVerificationWished(UserId(UUID(int=7))))
    await drain()
    assert await rows.execute("SELECT * FROM pgqueuer") == []
    assert await rows.count(OtpCode) == 0


async def test_both_need_somebody_signed_in(api: Api) -> None:
    assert (await api.post(SEND)).status_code == 401
    assert (await api.post(VERIFY, {"code": "123456"})).status_code == 401


async def test_a_code_is_six_digits(api: Api, make: Make) -> None:
    user = await newcomer(make, "digitos")
    for code in ["12345", "1234567", "12345a", "١٢٣٤٥٦", 123456, " 123456"]:
        assert (await api.post(VERIFY, {"code": code}, by=user)).status_code == 422
