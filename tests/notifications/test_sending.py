"""Letters on their way, with a mail server that misbehaves and processes that die."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import aiosmtplib
import pytest
from sqlalchemy import select

from mestore.auth.events import EmailVerificationWished
from mestore.core import failpoints
from mestore.core.database import transaction
from mestore.core.failpoints import FailpointReached
from mestore.core.jobs import publish
from mestore.core.world import World
from mestore.notifications.events import LettersQueued
from mestore.notifications.models import Message, MessageStatus, Notice
from mestore.notifications.service import NotificationService
from mestore.notifications.tasks import make_email_code, send_letters
from mestore.users.models import User
from tests.api import Api
from tests.make import Make
from tests.notifications.smtp_server import SmtpServer, silent_server, smtp_server
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

SEND_ONE = """
import asyncio, sys
from mestore.core import failpoints
from mestore.core.clock import utc_now
from mestore.core.settings import Settings
from mestore.core.world import open_world
from mestore.notifications.events import LettersQueued
from mestore.notifications.tasks import send_letters

async def main():
    settings = Settings()
    failpoints.arm({sys.argv[2]: "kill"})
    async with open_world(settings, utc_now, (), name="killed") as world:
        await send_letters(world, LettersQueued((int(sys.argv[1]),)))

asyncio.run(main())
"""


@pytest.fixture(name="smtp")
def _smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


def with_mail(world: World, port: int, seconds: float = 5.0) -> World:
    mail = world.settings.mail.model_copy(update={"port": port, "timeout_seconds": seconds})
    return replace(world, settings=world.settings.model_copy(update={"mail": mail}))


async def queue_welcome(world: World, user: User) -> LettersQueued:
    async with transaction(world.sessions) as session:
        await NotificationService(session).queue(Notice(f"welcome:{user.id}", user.id, "welcome", {}))
        return LettersQueued(((await session.scalars(select(Message.id))).one(),))


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def only(rows: Rows) -> Message:
    (message,) = await rows.all(Message)
    return message


async def test_a_letter_as_it_arrives(world: World, make: Make, rows: Rows, smtp: SmtpServer) -> None:
    user = await make.buyer(full_name='José "Pepe" Ñáñez, hijo')
    event = await queue_welcome(world, user)
    await send_letters(with_mail(world, smtp.port), event)
    (mail,) = smtp.taken
    message = await only(rows)
    assert (message.status, message.attempts, message.error) == (MessageStatus.SENT, 1, None)
    assert message.sent_at is not None
    assert smtp.receivers == [user.email]
    assert mail["Subject"] == "Te damos la bienvenida a MeStore"
    assert mail["From"] == "MeStore <hola@mestore.example>"
    assert mail["To"].addresses[0].display_name == 'José "Pepe" Ñáñez, hijo'
    assert mail["To"].addresses[0].addr_spec == user.email
    assert mail["Message-ID"] == f"<mestore-{message.id}@mestore.example>"
    assert mail["Date"].datetime.replace(microsecond=0) == message.created_at.replace(microsecond=0)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("address", "on_the_wire"), [("ana@café.co", "ana@xn--caf-dma.co"), ("josé@example.co", "josé@example.co")]
)
async def test_addresses_of_every_alphabet(
    world: World, make: Make, smtp: SmtpServer, address: str, on_the_wire: str
) -> None:
    event = await queue_welcome(world, await make.buyer(email=address))
    await send_letters(with_mail(world, smtp.port), event)
    assert smtp.receivers == [on_the_wire]


async def test_one_fact_is_told_once(
    world: World, make: Make, rows: Rows, drain: Callable[[], Awaitable[None]], sandbox: RunningSandbox
) -> None:
    user = await make.buyer(email="una.vez@example.co")

    async def tell() -> None:
        async with transaction(world.sessions) as session:
            await NotificationService(session).queue(Notice("fact:1", user.id, "welcome", {}))

    await asyncio.gather(*(tell() for _ in range(10)))
    await drain()
    assert await rows.count(Message) == 1
    assert len(sandbox.mails(user.email)) == 1


async def test_a_sent_letter_is_not_sent_again(world: World, make: Make, rows: Rows, smtp: SmtpServer) -> None:
    event = await queue_welcome(world, await make.buyer())
    for _ in range(3):
        await send_letters(with_mail(world, smtp.port), event)
    assert len(smtp.taken) == 1
    assert (await only(rows)).attempts == 1


async def test_nothing_is_sent_of_what_was_rolled_back(
    world: World, make: Make, rows: Rows, drain: Callable[[], Awaitable[None]]
) -> None:
    user = await make.buyer()
    failpoints.arm({"before_commit": "raise"})
    try:
        with pytest.raises(FailpointReached):
            await queue_welcome(world, user)
    finally:
        failpoints.arm({})
    await drain()
    assert await rows.count(Message) == 0


@pytest.mark.parametrize("answer", ["451 4.7.1 greylisted, try again later", "421 too busy"])
async def test_F70_a_server_that_says_later_is_asked_again(
    world: World, make: Make, rows: Rows, smtp: SmtpServer, answer: str
) -> None:
    event = await queue_welcome(world, await make.buyer())
    smtp.answer_to_receiver = answer
    with pytest.raises(aiosmtplib.SMTPException):
        await send_letters(with_mail(world, smtp.port), event)
    assert (await only(rows)).status is MessageStatus.SENDING
    smtp.answer_to_receiver = None
    await send_letters(with_mail(world, smtp.port), event)
    message = await only(rows)
    assert (message.status, message.attempts, len(smtp.taken)) == (MessageStatus.SENT, 2, 1)


async def test_F70_a_refused_receiver_is_final(world: World, make: Make, rows: Rows, smtp: SmtpServer) -> None:
    event = await queue_welcome(world, await make.buyer())
    smtp.answer_to_receiver = "550 5.1.1 no such user here"
    await send_letters(with_mail(world, smtp.port), event)
    message = await only(rows)
    assert (message.status, message.error) == (MessageStatus.FAILED, "550 5.1.1 no such user here")
    await send_letters(with_mail(world, smtp.port), event)
    assert (await only(rows)).attempts == 1


async def test_F70_a_refused_letter_is_final(world: World, make: Make, rows: Rows, smtp: SmtpServer) -> None:
    event = await queue_welcome(world, await make.buyer())
    smtp.answer_to_data = "554 5.7.1 looks like spam"
    await send_letters(with_mail(world, smtp.port), event)
    assert (await only(rows)).status is MessageStatus.FAILED


async def test_F70_a_server_that_is_down_or_silent_is_asked_again(world: World, make: Make, rows: Rows) -> None:
    event = await queue_welcome(world, await make.buyer())
    with silent_server() as port, pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send_letters(with_mail(world, port, seconds=0.2), event)
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send_letters(with_mail(world, port), event)
    message = await only(rows)
    assert (message.status, message.attempts) == (MessageStatus.SENDING, 2)


async def test_F70_taken_and_reset_leaves_at_most_a_second_copy(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    event = await queue_welcome(world, await make.buyer())
    smtp.resets_after_data = True
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send_letters(with_mail(world, smtp.port), event)
    smtp.resets_after_data = False
    await send_letters(with_mail(world, smtp.port), event)
    first, second = smtp.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert (await only(rows)).status is MessageStatus.SENT


async def test_a_letter_that_fails_does_not_keep_back_the_others_of_its_fact(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    full, ana = await make.buyer(email="full@example.co"), await make.buyer(email="ana@example.co")
    async with transaction(world.sessions) as session:
        await NotificationService(session).queue(*(Notice("news", user.id, "welcome", {}) for user in (full, ana)))
    (job,) = await rows.execute("SELECT payload FROM pgqueuer WHERE entrypoint = 'notifications.send_letters'")
    event = LettersQueued.of_payload(job.payload)
    smtp.full = full.email
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send_letters(with_mail(world, smtp.port), event)
    assert {message.receiver_id: message.status for message in await rows.all(Message)} == {
        full.id: MessageStatus.SENDING,
        ana.id: MessageStatus.SENT,
    }
    smtp.full = None
    await send_letters(with_mail(world, smtp.port), event)
    assert smtp.receivers == [ana.email, full.email], "what was sent did not go again"


async def queue_news(world: World, user: User, count: int) -> list[LettersQueued]:
    async with transaction(world.sessions) as session:
        await NotificationService(session).queue(*(Notice(f"news:{n}", user.id, "welcome", {}) for n in range(count)))
        return [LettersQueued((each,)) for each in await session.scalars(select(Message.id).order_by(Message.id))]


async def test_letters_that_follow_each_other_go_over_one_connection(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    for event in await queue_news(world, await make.buyer(), 3):
        await send_letters(with_mail(world, smtp.port), event)
    assert (len(smtp.taken), len(set(smtp.sessions))) == (3, 1)
    assert {message.status for message in await rows.all(Message)} == {MessageStatus.SENT}


async def test_F70_a_server_that_had_enough_of_a_connection_gets_the_next_letter_over_another(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    smtp.letters_per_connection = 2
    for event in await queue_news(world, await make.buyer(), 5):
        await send_letters(with_mail(world, smtp.port), event)
    assert (len(smtp.taken), len(set(smtp.sessions))) == (5, 3)
    assert {message.attempts for message in await rows.all(Message)} == {1}


async def test_F70_a_server_that_hung_up_between_letters_gets_the_next_over_another_connection(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    first, second = await queue_news(world, await make.buyer(), 2)
    await send_letters(with_mail(world, smtp.port), first)
    smtp.hang_up()
    await send_letters(with_mail(world, smtp.port), second)
    assert (len(smtp.taken), len(set(smtp.sessions))) == (2, 2)
    assert {message.attempts for message in await rows.all(Message)} == {1}


async def test_F70_what_a_kept_connection_may_have_handed_over_is_not_sent_over_another(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    first, second = await queue_news(world, await make.buyer(), 2)
    await send_letters(with_mail(world, smtp.port), first)
    smtp.resets_after_data = True
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send_letters(with_mail(world, smtp.port), second)
    assert (len(smtp.taken), len(set(smtp.sessions))) == (2, 1)
    assert {message.status for message in await rows.all(Message)} == {MessageStatus.SENT, MessageStatus.SENDING}


async def test_a_refusal_over_a_kept_connection_is_not_asked_for_twice(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    first, second = await queue_news(world, await make.buyer(), 2)
    await send_letters(with_mail(world, smtp.port), first)
    smtp.answer_to_receiver = "550 5.1.1 no such user here"
    await send_letters(with_mail(world, smtp.port), second)
    assert (len(smtp.sessions), len(set(smtp.sessions))) == (2, 1)
    assert {message.status for message in await rows.all(Message)} == {MessageStatus.SENT, MessageStatus.FAILED}


@pytest.mark.parametrize("name", ["Ana\r\nBcc: otro@example.co", "Ana\nñ"])
async def test_a_name_of_two_lines_makes_no_header(world: World, make: Make, smtp: SmtpServer, name: str) -> None:
    event = await queue_welcome(world, await make.buyer(full_name=name))
    with pytest.raises(ValueError, match="one line"):
        await send_letters(with_mail(world, smtp.port), event)
    assert smtp.taken == []


@pytest.mark.parametrize("name", ["Ñandú " * 19, "Ana " * 29, "O'Brien, \\Ana"])
async def test_names_of_every_kind_arrive(world: World, make: Make, smtp: SmtpServer, name: str) -> None:
    user = await make.buyer(full_name=name.strip())
    await send_letters(with_mail(world, smtp.port), await queue_welcome(world, user))
    (mail,) = smtp.taken
    # The newer parser of the library puts blanks between the encoded words of a long name.
    found, address = parseaddr(dict(mail.raw_items())["To"])
    assert (str(make_header(decode_header(found))), address) == (user.full_name, user.email)


async def test_F70_registration_never_fails_because_of_mail(world: World, api: Api) -> None:
    response = await api.post(
        "/api/v1/auth/register",
        {"email": "sin.correo@example.co", "password": "el-loro-canta", "full_name": "Ana", "phone": "3001234567"},
    )
    assert response.status_code == 201


async def die(world: World, event: LettersQueued, place: str, port: int) -> None:
    """Send in a process that is killed at `place`."""
    environment = {
        **os.environ,
        "MESTORE_DATABASE_URL": str(world.settings.database.url),
        "MESTORE_REDIS_URL": str(world.settings.redis.url),
        "MESTORE_MAIL_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SEND_ONE, str(event.message_ids[0]), place), env=environment, stderr=subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()


async def test_K12_killed_before_the_server_was_called_it_is_sent_once(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    event = await queue_welcome(world, await make.buyer())
    await die(world, event, "before_smtp", smtp.port)
    assert smtp.taken == []
    await send_letters(with_mail(world, smtp.port), event)
    assert (len(smtp.taken), (await only(rows)).status) == (1, MessageStatus.SENT)


async def test_K13_killed_once_it_is_on_record_as_sent_it_does_not_go_again(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    event = await queue_welcome(world, await make.buyer())
    await die(world, event, "before_commit@2", smtp.port)
    await send_letters(with_mail(world, smtp.port), event)
    assert (len(smtp.taken), (await only(rows)).status) == (1, MessageStatus.SENT)


async def test_K13_killed_after_the_server_took_it_a_second_copy_is_the_same_letter(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    user = await make.buyer(email_verified=False)
    await make_email_code(world, EmailVerificationWished(user.id))
    event = LettersQueued(((await only(rows)).id,))
    await die(world, event, "after_smtp", smtp.port)
    await send_letters(with_mail(world, smtp.port), event)
    first, second = smtp.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert text_of(first) == text_of(second), "the second copy carries the same code"
    assert (await only(rows)).status is MessageStatus.SENT


async def test_F68_a_code_that_works_no_longer_is_dropped(
    world: World, make: Make, rows: Rows, smtp: SmtpServer
) -> None:
    for reason in (
        "UPDATE messages SET expires_at = now()",
        "UPDATE otp_codes SET expires_at = now()",
        "UPDATE otp_codes SET consumed_at = now()",
        "UPDATE otp_codes SET invalidated_at = now()",
        "UPDATE users SET deleted_at = now()",
    ):
        user = await make.buyer(email_verified=False)
        await make_email_code(world, EmailVerificationWished(user.id))
        event = LettersQueued(((await rows.all(Message))[-1].id,))
        await rows.execute(reason)
        await send_letters(with_mail(world, smtp.port), event)
        assert (await rows.all(Message))[-1].status is MessageStatus.DROPPED, reason
    assert smtp.taken == []


async def test_F68_codes_go_before_other_letters(world: World, make: Make, rows: Rows) -> None:
    user = await make.buyer(email_verified=False)
    await queue_welcome(world, user)
    await make_email_code(world, EmailVerificationWished(user.id))
    async with transaction(world.sessions) as session:
        await publish(session, EmailVerificationWished(user.id))
    jobs = await rows.execute("SELECT entrypoint FROM pgqueuer ORDER BY priority DESC, id")
    assert [job.entrypoint for job in jobs] == [
        "notifications.send_code",
        "notifications.make_email_code",
        "notifications.send_letters",
    ]
