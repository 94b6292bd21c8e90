"""SMS on their way, with a Twilio that refuses, fails and filters, and a budget that ends."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from mestore.auth.events import PhoneCodeWished
from mestore.auth.models import OtpPurpose
from mestore.core.database import transaction
from mestore.core.world import World
from mestore.notifications import sms as texts
from mestore.notifications.events import SmsQueued, SmsTaken
from mestore.notifications.models import Channel, Message, MessageStatus, SmsDay
from mestore.notifications.repository import SmsBudget
from mestore.notifications.tasks import look_at_sms, make_phone_code, send_sms
from mestore.notifications.twilio import SmsNotTaken
from mestore.users.models import User
from tests.make import Make
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
GSM_7 = set("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà") | set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)


def with_sms(world: World, **more: Any) -> World:
    sms = world.settings.sms.model_copy(update=more)
    return replace(world, settings=world.settings.model_copy(update={"sms": sms}))


async def wish(world: World, user: User, purpose: OtpPurpose = OtpPurpose.LOGIN_PHONE) -> None:
    await make_phone_code(world, PhoneCodeWished(user.id, purpose))


async def of(rows: Rows, channel: Channel) -> list[Message]:
    return [message for message in await rows.all(Message) if message.channel is channel]


async def holder(make: Make, phone: str = "+573001112233", **more: Any) -> User:
    name = f"movil{phone[-5:]}@example.co"
    return await make.buyer(phone=phone, phone_verified=True, email=name, email_key=name, **more)


def digits(text: str) -> list[str]:
    return re.findall(r"\b\d{6}\b", text)


@pytest.mark.parametrize("text", texts.TEXTS.values())
def test_a_text_is_one_sms(text: str) -> None:
    written = text.format(code="493817", minutes=10)
    assert len(written) <= 160
    assert set(written) <= GSM_7
    assert "493817" in written


async def test_an_sms_as_it_arrives(
    world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await wish(world, await holder(make))
    await wish(world, await holder(make, "+573001112244", language="en"))
    await drain()
    (spanish,), (english,) = sandbox.sms("+573001112233"), sandbox.sms("+573001112244")
    assert "es tu clave para entrar. Vence en 10 min." in spanish["body"]
    assert "is your code to sign in" in english["body"]
    first, _ = await of(rows, Channel.SMS)
    assert (first.status, first.attempts, first.error, first.provider_id) == (
        MessageStatus.SENT,
        1,
        None,
        spanish["sid"],
    )
    assert await of(rows, Channel.EMAIL) == []
    await look_at_sms(world, SmsTaken(first.id))
    assert (await of(rows, Channel.SMS))[0].status is MessageStatus.SENT


@pytest.mark.parametrize(
    ("phone", "kept"),
    [("+573000021211", "21211 not a phone number"), ("+573000021614", "21614 not a mobile number")],
)
async def test_a_number_that_twilio_refuses_fails_once_and_the_code_comes_by_mail(
    phone: str, kept: str, world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await holder(make, phone)
    await wish(world, user)
    await drain()
    (message,) = await of(rows, Channel.SMS)
    assert (message.status, message.attempts, message.error) == (MessageStatus.FAILED, 1, kept)
    (mail,) = sandbox.mails(user.email)
    assert mail["subject"] == "Tu código para entrar a MeStore"
    assert len(digits(mail["text"])) == 1
    assert await rows.execute("SELECT * FROM pgqueuer WHERE status <> 'queued'") == []


async def test_an_sms_that_the_carrier_kept_back_is_known_later(
    world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await holder(make, "+573000030007")
    await wish(world, user)
    (message,) = await of(rows, Channel.SMS)
    later = with_sms(world, look_after_seconds=60)
    await send_sms(later, SmsQueued(message.id))
    assert (await of(rows, Channel.SMS))[0].status is MessageStatus.SENT, "Twilio has taken it"
    waiting = await rows.execute("SELECT entrypoint FROM pgqueuer WHERE execute_after > now() + interval '50 seconds'")
    assert [row.entrypoint for row in waiting] == ["notifications.look_at_sms"]
    await rows.execute("UPDATE pgqueuer SET execute_after = now()")
    await drain()
    await look_at_sms(world, SmsTaken(message.id))
    (message,) = await of(rows, Channel.SMS)
    assert (message.status, message.error) == (MessageStatus.FAILED, "30007 filtered by the carrier as spam")
    (mail,) = sandbox.mails(user.email)
    assert digits(mail["text"]) == digits(sandbox.sms(user.phone)[0]["body"])


async def test_a_code_to_verify_a_phone_never_comes_by_mail(
    world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await make.buyer(phone="+573000021614")
    await wish(world, user, OtpPurpose.VERIFY_PHONE)
    await drain()
    assert [message.status for message in await rows.all(Message)] == [MessageStatus.FAILED]
    assert sandbox.mails(user.email) == []


@pytest.mark.parametrize("mode", ["500", "502_html", "429", "reset", "html_200"])
async def test_F71_a_twilio_that_fails_is_asked_again_and_the_code_comes_by_mail_at_once(
    mode: str, world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user = await holder(make)
    await wish(world, user)
    (message,) = await of(rows, Channel.SMS)
    sandbox.control("fail_next", call="send_sms", mode=mode)
    with pytest.raises(SmsNotTaken):
        await send_sms(world, SmsQueued(message.id))
    (message,) = await of(rows, Channel.SMS)
    assert message.status is MessageStatus.SENDING
    await send_sms(world, SmsQueued(message.id))
    await drain()
    (mail,), (sms,) = sandbox.mails(user.email), sandbox.sms(user.phone)
    assert digits(mail["text"]) == digits(sms["body"])
    (message,) = await of(rows, Channel.SMS)
    assert (message.status, message.attempts) == (MessageStatus.SENT, 2)


async def test_an_answer_that_never_comes_ends_in_time(
    world: World, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    quick = with_sms(world, timeout_seconds=0.3)
    await wish(quick, await holder(make))
    (message,) = await of(rows, Channel.SMS)
    sandbox.control("fail_next", call="send_sms", mode="timeout_after_processing", seconds=2)
    with pytest.raises(SmsNotTaken):
        await send_sms(quick, SmsQueued(message.id))
    await send_sms(quick, SmsQueued(message.id))
    first, second = sandbox.sms("+573001112233")
    assert first["body"] == second["body"], "nobody can know that it had left; the second says the same"


async def test_a_wrong_token_is_no_fault_of_the_number(
    world: World, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    wrong = with_sms(world, account_sid="AC1/../AC2")
    await wish(world, await holder(make))
    (message,) = await of(rows, Channel.SMS)
    with pytest.raises(SmsNotTaken):
        await send_sms(wrong, SmsQueued(message.id))


async def test_a_code_that_works_no_longer_is_not_sent(
    world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await wish(world, await holder(make))
    await rows.execute("UPDATE otp_codes SET invalidated_at = now()")
    await drain()
    assert [message.status for message in await rows.all(Message)] == [MessageStatus.DROPPED]
    assert sandbox.sms() == []


async def test_F71_the_days_budget_is_the_whole_systems(
    world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    poor = with_sms(world, daily_budget=2)
    users = [await holder(make, f"+5730011122{number}") for number in range(10, 15)]
    with structlog.testing.capture_logs() as logs:
        await asyncio.gather(*(wish(poor, user) for user in users))
    await drain()
    assert len(sandbox.sms()) == 2
    assert sum(len(sandbox.mails(user.email)) for user in users) == 3, "who gets no SMS gets a letter"
    assert [day.sent for day in await rows.all(SmsDay)] == [2]
    assert [line["event"] for line in logs].count("sms_budget_used_up") == 3


async def test_a_day_without_a_budget_has_none(world: World, rows: Rows) -> None:
    async with transaction(world.sessions) as session:
        assert not await SmsBudget(session).take(world.now().date(), 0)
    assert await rows.count(SmsDay) == 0
