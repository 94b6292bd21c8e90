"""The letter with the code that is said at a counter."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from mestore.core.wording import clock, day, pesos
from mestore.core.world import World
from mestore.notifications.letters import write
from mestore.notifications.models import Message, MessageStatus
from mestore.notifications.tasks import tell_slip
from mestore.payments.events import SlipIssued
from mestore.payments.states import PaymentStatus
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.cash import begin_in_cash
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
Mail = dict[str, Any]
SAID = {
    "name": "Ana Ruiz",
    "order_number": "ORD-20261124-7KQ2M9XD",
    "code": "3260000345",
    "amount": "84999.00",
    "expires_at": "2026-12-01T04:59:59.999999+00:00",
    "steps": ["Acércate a un punto Efecty.", "Di tu código."],
    "agreement": "110000",
    "link": "https://shop.example/pagos/55",
}


def of_slip(sandbox: RunningSandbox, to: str) -> list[Mail]:
    return [mail for mail in sandbox.mails(to) if "Efecty" in mail["subject"]]


async def kept(rows: Rows) -> list[Message]:
    return [message for message in await rows.all(Message) if message.template == "efecty_slip"]


async def test_an_order_that_is_paid_in_cash_is_to_be_paid_on_another_day(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    buyer = await make.buyer(email="pedido.caja@example.co")
    await begin_in_cash(api, make, rows, buyer)
    await drain()
    (mail,) = [each for each in sandbox.mails("pedido.caja@example.co") if each["subject"].startswith("Recibimos")]
    ((until,),) = await rows.execute("SELECT expires_at FROM orders")
    wanted = f"Recibimos tu pedido: págalo antes de las {clock(until, 'es')} del {day(until, 'es')}"
    assert mail["subject"] == wanted


async def test_whoever_chose_cash_gets_the_code_by_mail(
    api: Api, world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    buyer = await make.buyer(email="caja@example.co")
    payment = await begin_in_cash(api, make, rows, buyer)
    await drain()
    (mail,) = of_slip(sandbox, "caja@example.co")
    (row,) = await rows.execute("SELECT order_number FROM orders")
    assert mail["subject"] == f"Tu código para pagar en Efecty el pedido {row.order_number}"
    until = payment.code_expires_at
    assert until is not None
    assert f"\n    {payment.code}\n" in mail["text"]
    for said in (
        f"tu pedido {row.order_number}",
        f"Valor a pagar: {pesos(payment.amount.amount)}",
        f"Págalo a más tardar el {day(until, 'es')} a las {clock(until, 'es')} (hora de Colombia).",
        f"2. Di que vas a pagar al convenio 110000 con el código {payment.code}.",
        f"3. Paga en efectivo exactamente {pesos(payment.amount.amount)}.",
        f"{world.settings.payments.slip_url}/{payment.id}\n",
    ):
        assert said in mail["text"], said
    assert f">{payment.code}<" in mail["html"]
    (message,) = await kept(rows)
    assert (message.status, message.fact) == (MessageStatus.SENT, f"efecty_slip:{payment.id}")
    assert (message.receiver_id, message.expires_at) == (buyer.id, until)


async def test_in_english_for_who_reads_english(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    payment = await begin_in_cash(api, make, rows, await make.buyer(email="cash@example.co", language="en"))
    await drain()
    (mail,) = of_slip(sandbox, "cash@example.co")
    assert mail["subject"].startswith("Your code to pay order ORD-")
    assert f"Say that you pay to «convenio 110000» with the code {payment.code}." in mail["text"]
    assert "Acércate" not in mail["text"]


@pytest.mark.parametrize(
    ("language", "said"), [("es", "Di que vas a pagar a PayU"), ("en", "Say that you pay to PayU")]
)
async def test_through_payu_the_counter_is_told_another_name(
    language: str, said: str, api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    buyer = await make.buyer(email="payu@example.co", language=language)
    payment = await begin_in_cash(api, make, rows, buyer, through="payu")
    await drain()
    (mail,) = of_slip(sandbox, "payu@example.co")
    assert said in mail["text"]
    assert f"\n    {payment.code}\n" in mail["text"]
    assert "convenio" not in mail["text"]


async def test_it_is_one_letter_however_often_and_at_once_it_is_told(
    api: Api, world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    payment = await begin_in_cash(api, make, rows, await make.buyer(email="una@example.co"))
    await asyncio.gather(*(tell_slip(world, SlipIssued(payment.id)) for _ in range(8)))
    await drain()
    await tell_slip(world, SlipIssued(payment.id))
    await drain()
    assert len(await kept(rows)) == 1
    assert len(of_slip(sandbox, "una@example.co")) == 1


async def test_another_attempt_is_another_letter(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    buyer = await make.buyer(email="dos@example.co")
    codes = {(await begin_in_cash(api, make, rows, buyer)).code for _ in range(2)}
    await drain()
    letters = of_slip(sandbox, "dos@example.co")
    assert len(letters) == len(codes) == 2
    assert all(any(f"    {code}\n" in mail["text"] for mail in letters) for code in codes)


@pytest.mark.parametrize("status", sorted(set(PaymentStatus) - {PaymentStatus.PENDING}))
async def test_what_does_not_wait_any_more_is_not_told(
    status: PaymentStatus, api: Api, world: World, make: Make, rows: Rows
) -> None:
    payment = await begin_in_cash(api, make, rows, await make.buyer())
    await rows.execute("UPDATE payments SET status = :status", status=status)
    await tell_slip(world, SlipIssued(payment.id))
    assert await kept(rows) == []


async def test_a_payment_without_a_code_has_no_letter(
    api: Api, world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    payment = await Bank(api, make, rows, sandbox).begun(await make.order())
    await tell_slip(world, SlipIssued(payment.id))
    await drain()
    assert await kept(rows) == []


async def test_a_letter_that_would_come_after_the_code_s_end_is_dropped(
    api: Api, world: World, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    payment = await begin_in_cash(api, make, rows, await make.buyer(email="tarde@example.co"))
    assert payment.code_expires_at is not None
    assert payment.code_expires_at > world.now() + timedelta(hours=1)
    await tell_slip(world, SlipIssued(payment.id))
    await rows.execute("UPDATE messages SET expires_at = now() WHERE template = 'efecty_slip'")
    await drain()
    assert [message.status for message in await kept(rows)] == [MessageStatus.DROPPED]
    assert of_slip(sandbox, "tarde@example.co") == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_letter_is_whole_and_whatever_a_gateway_says_is_text(language: str) -> None:
    letter = write("efecty_slip", language, SAID | {"code": "<b>&1", "steps": ["<i>"], "agreement": "<u>"})
    assert letter.subject.endswith(("ORD-20261124-7KQ2M9XD", "at Efecty"))
    assert "$ 84.999" in letter.text
    assert "<b>&1" in letter.text
    assert "&lt;b&gt;&amp;1" in letter.html
    assert not any(tag in letter.html for tag in ("<b>", "<i>", "<u>"))
    assert f'<html lang="{language}">' in letter.html
    assert "\n\n\n" not in letter.text
    assert "https://shop.example/pagos/55\n" in letter.text
    assert "11:59" in letter.text
