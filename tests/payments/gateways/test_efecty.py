"""Efecty's client over real HTTP: the contract of every gateway, and what is Payválida's alone."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from mestore.core.clock import COLOMBIA, utc_now
from mestore.core.efecty_settings import EfectySettings
from mestore.core.money import Money
from mestore.payments.barcode import SlipBarcode
from mestore.payments.errors import WrongSignature
from mestore.payments.gateways.base import OutcomeUnknown, Refused
from mestore.payments.gateways.efecty import REFUSALS, STATUSES, EfectyGateway, slip_end
from mestore.payments.gateways.payvalida_signatures import notification as checksum
from mestore.payments.states import PaymentStatus
from tests.payments.gateways.contract import AMOUNT, GatewayContract, Stage
from tests.payments.gateways.efecty_stage import EfectyStage
from tests.sandbox.payvalida_shop import NOTIFICATION_HASH
from tests.sandbox.running import RunningSandbox


@pytest.fixture
def efecty(http: aiohttp.ClientSession, sandbox: RunningSandbox) -> Iterator[EfectyStage]:
    stage = EfectyStage(http, sandbox)
    yield stage
    stage.shop.close()


class TestEfecty(GatewayContract):
    @pytest.fixture
    def stage(self, efecty: EfectyStage) -> Stage:
        return efecty

    @pytest.mark.parametrize("status", [PaymentStatus.APPROVED, PaymentStatus.EXPIRED, PaymentStatus.VOIDED])
    async def test_both_questions_tell_the_end(self, stage: Stage, status: PaymentStatus) -> None:
        await super().test_both_questions_tell_the_end(stage, status)


async def test_a_slip_says_what_is_paid_at_the_counter(efecty: EfectyStage) -> None:
    attempt = efecty.attempt()
    charge = await efecty.client.start(attempt)
    slip = charge.instructions
    assert slip is not None
    (order,) = efecty.shop.orders()
    last_day = slip.expires_at.astimezone(COLOMBIA).date()
    assert slip.code == order["reference"]
    assert slip.barcode == SlipBarcode("7709998001237", slip.code, AMOUNT, last_day).text
    assert abs(slip.expires_at.timestamp() - order["expires_at"]) < 1
    assert order["body"]["expiration"] == f"{last_day:%d/%m/%Y}"
    assert timedelta(hours=72) <= slip.expires_at - utc_now() < timedelta(hours=96)
    assert charge.payment_url == f"{efecty.shop.base}/counter?code={slip.code}"
    assert await efecty.client.find(attempt.reference) == charge, "a later question tells the same slip"


async def test_without_a_collectors_number_there_is_no_barcode(efecty: EfectyStage) -> None:
    charge = await efecty.with_settings(gln=None).start(efecty.attempt())
    assert charge.instructions is not None
    assert charge.instructions.barcode is None


async def test_the_counter_pays_and_a_question_tells(efecty: EfectyStage) -> None:
    charge = await efecty.client.start(efecty.attempt())
    assert charge.instructions is not None
    efecty.shop.control("pay", code=charge.instructions.code, amount=150_000)
    found = await efecty.client.find(charge.reference)
    assert found is not None
    assert (found.status, found.amount, found.payment_url) == (PaymentStatus.APPROVED, AMOUNT, None)


async def test_a_slip_that_nobody_paid_expires(efecty: EfectyStage) -> None:
    charge = await efecty.client.start(efecty.attempt())
    efecty.shop.control("advance_clock", seconds=96 * 3_600)
    found = await efecty.client.find(charge.reference)
    assert found is not None
    assert (found.status, found.message) == (PaymentStatus.EXPIRED, "Payválida: VENCIDA")


async def test_f28_an_order_that_exists_is_asked_for(efecty: EfectyStage) -> None:
    attempt = efecty.attempt()
    first = await efecty.client.start(attempt)
    assert await efecty.client.start(attempt) == first
    assert efecty.seen(attempt.reference) == 1


async def test_of_ten_starts_at_once_one_order_is_made(efecty: EfectyStage) -> None:
    attempt = efecty.attempt()
    charges = await asyncio.gather(*(efecty.client.start(attempt) for _ in range(10)))
    assert {charge.instructions.code for charge in charges if charge.instructions} == {
        efecty.shop.orders()[0]["reference"]
    }
    assert efecty.seen(attempt.reference) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": Money("150000.50")}, "whole pesos"),
        ({"amount": Money(19_999)}, "a counter takes"),
        ({"amount": Money(6_000_001)}, "a counter takes"),
        ({"customer_email": f"{'a' * 95}@example.com"}, "e-mail"),
        ({"reference": "MKT_2026"}, "order number"),
        ({"reference": "MKTx2026"}, "order number"),
        ({"reference": "MKT-ñ"}, "order number"),
    ],
)
async def test_what_a_counter_would_not_take_is_never_asked(
    efecty: EfectyStage, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        await efecty.nobody_there.start(efecty.attempt(**changes))


@pytest.mark.parametrize("amount", [20_000, 6_000_000])
async def test_the_limits_themselves_are_taken(efecty: EfectyStage, amount: int) -> None:
    charge = await efecty.client.start(efecty.attempt(amount=Money(amount)))
    assert charge.amount == Money(amount)


async def test_names_and_descriptions_are_made_plain(efecty: EfectyStage) -> None:
    attempt = efecty.attempt(
        description="Pedido ORD-1 «ñandú» & más_",
        customer_name="  José María Ñáñez de la Cordialidad y Torres",
        details={"document_type": "CC", "document_number": "1020304050"},
    )
    await efecty.client.start(attempt)
    body = efecty.shop.orders()[0]["body"]
    assert body["description"] == "Pedido ORD 1 nandu mas"
    assert body["user_name"] == "Jose Maria Nanez de la Co"
    assert (body["user_type_di"], body["user_di"], body["amount"]) == ("CC", "1020304050", "150000")


@pytest.mark.parametrize("changes", [{"fixed_hash": "other"}, {"merchant": "other"}])
async def test_an_account_that_is_not_known_is_refused(efecty: EfectyStage, changes: dict[str, str]) -> None:
    settings = EfectySettings(
        base_url=efecty.shop.base,
        **{"merchant": "mestore", "fixed_hash": "f", "notification_hash": "n"} | changes,
    )
    with pytest.raises(Refused, match=r"0025|0017"):
        await EfectyGateway(efecty.http, settings, utc_now).start(efecty.attempt())


@asynccontextmanager
async def answering(body: Any, status: int = 200) -> AsyncIterator[str]:
    """An address that always answers this."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        await reader.readexactly(length)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n\r\n".encode() + raw)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("code", REFUSALS)
async def test_each_refusal_of_the_table_is_one(efecty: EfectyStage, code: str) -> None:
    async with answering({"CODE": code, "DESC": "no"}) as address:
        with pytest.raises(Refused, match=code):
            await efecty.with_settings(base_url=address).start(efecty.attempt())
        with pytest.raises(OutcomeUnknown):
            await efecty.with_settings(base_url=address).find("MKT-1")


@pytest.mark.parametrize("code", ["0009", "0041", "0099", "0042"])
async def test_a_code_that_does_not_say_no_leaves_it_unknown(efecty: EfectyStage, code: str) -> None:
    async with answering({"CODE": code, "DESC": "?"}) as address:
        with pytest.raises(OutcomeUnknown):
            await efecty.with_settings(base_url=address).start(efecty.attempt())


ORDER = {
    "ORDER": "MKTx1",
    "CODE": 95601,
    "STATE": "APROBADA",
    "AMOUNT": "150000.00",
    "CURRENCY": "COP",
    "REFERENCE": "326000095601",
    "LIFE_TIME": "80h",
    "CREATION_DATE": "2026-11-24 15:10:00",
}


@pytest.mark.parametrize(("state", "status"), STATUSES.items())
async def test_each_state_has_its_status(efecty: EfectyStage, state: str, status: PaymentStatus) -> None:
    async with answering({"CODE": "0000", "DESC": "OK", "DATA": ORDER | {"STATE": state}}) as address:
        charge = await efecty.with_settings(base_url=address).find("MKT-1")
    assert charge is not None
    assert (charge.reference, charge.transaction_id, charge.status) == ("MKT-1", "MKTx1", status)
    assert charge.instructions is not None
    assert charge.instructions.expires_at == datetime(2026, 11, 28, 4, 59, 59, 999_999, tzinfo=UTC)


async def test_nothing_found_by_either_word_is_none(efecty: EfectyStage) -> None:
    for answer in ({"CODE": "0041", "DESC": "x"}, {"CODE": "0010", "DESC": "No se encontraron resultados"}):
        async with answering(answer) as address:
            assert await efecty.with_settings(base_url=address).find("MKT-1") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"ORDER": "MKTx2"},
        {"ORDER": None},
        {"STATE": "PAGADA"},
        {"STATE": ["APROBADA"]},
        {"AMOUNT": "1e5"},
        {"AMOUNT": 150000},
        {"AMOUNT": "-1"},
        {"REFERENCE": "ABC"},
        {"REFERENCE": None},
        {"LIFE_TIME": "-1h"},
        {"LIFE_TIME": 80},
        {"CREATION_DATE": "24/11/2026"},
        {"CREATION_DATE": None},
    ],
)
async def test_an_answer_that_is_no_order_tells_nothing(efecty: EfectyStage, changes: dict[str, Any]) -> None:
    async with answering({"CODE": "0000", "DESC": "OK", "DATA": ORDER | changes}) as address:
        with pytest.raises(OutcomeUnknown):
            await efecty.with_settings(base_url=address).find("MKT-1")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"CODE": "0041", "DESC": ""}),
        (400, {"CODE": "0025", "DESC": ""}),
        (200, []),
        (200, {"CODE": 0, "DATA": {}}),
        (200, {"CODE": "0000"}),
        (200, {"CODE": "0000", "DATA": {"OrdenID": "another", "Monto": "150000.0", "Referencia": "1"}}),
        (200, b'{"CODE": "0000", "CODE": "0041"}'),
    ],
)
async def test_an_answer_of_another_shape_leaves_it_unknown(efecty: EfectyStage, status: int, body: Any) -> None:
    async with answering(body, status) as address:
        with pytest.raises(OutcomeUnknown):
            await efecty.with_settings(base_url=address).start(efecty.attempt())
        with pytest.raises(OutcomeUnknown):
            await efecty.with_settings(base_url=address).find("MKT-1")


async def test_an_order_of_another_amount_is_not_taken_for_ours(efecty: EfectyStage) -> None:
    attempt = efecty.attempt()
    data = {"OrdenID": attempt.reference.replace("-", "x"), "Monto": "1500.0", "Referencia": "1", "checkout": "x"}
    async with answering({"CODE": "0000", "DESC": "OK", "DATA": data}) as address:
        with pytest.raises(OutcomeUnknown):
            await efecty.with_settings(base_url=address).start(attempt)


async def test_f40_a_genuine_checksum_does_not_make_an_amount_true(efecty: EfectyStage) -> None:
    charge = await efecty.client.start(efecty.attempt())
    efecty.shop.control("notifications", amount="1")
    efecty.decide(charge, PaymentStatus.APPROVED)
    raw = efecty.webhook(charge)
    assert json.loads(raw)["amount"] == "1"
    announcement = efecty.client.read_webhook(raw)
    assert announcement is not None
    assert set(json.loads(announcement.verified)) == {"po_id", "status", "pv_checksum"}, "only what is signed is kept"
    found = await efecty.client.find_transaction(announcement.transaction_id)
    assert found is not None
    assert found.amount == AMOUNT


async def test_each_status_of_an_order_is_announced_once(efecty: EfectyStage) -> None:
    charge = await efecty.client.start(efecty.attempt())
    efecty.decide(charge, PaymentStatus.APPROVED)
    approved = efecty.client.read_webhook(efecty.webhook(charge))
    efecty.shop.control("force_state", order=charge.transaction_id, state="ANULADA")
    cancelled = efecty.client.read_webhook(efecty.webhook(charge))
    assert approved is not None
    assert cancelled is not None
    assert approved.transaction_id == cancelled.transaction_id
    assert approved.dedupe_key != cancelled.dedupe_key


def notification(order: str, **changes: Any) -> bytes:
    body = {"po_id": order, "status": "approved", "pv_checksum": checksum(order, "approved", NOTIFICATION_HASH)}
    return json.dumps(body | changes).encode()


def test_an_order_that_is_none_of_ours_does_not_concern_us(efecty: EfectyStage) -> None:
    assert efecty.client.read_webhook(notification("MKT_1")) is None
    assert efecty.client.read_webhook(notification("A" * 121)) is None
    assert efecty.client.read_webhook(notification("A" * 120)) is not None


def test_without_a_secret_no_notification_is_believed(efecty: EfectyStage) -> None:
    deaf = efecty.with_settings(notification_hash=SecretStr(""))
    for raw in (notification("MKT1"), notification("MKT1", pv_checksum=checksum("MKT1", "approved", ""))):
        with pytest.raises(WrongSignature):
            deaf.read_webhook(raw)


NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)  # 15:00 in Colombia


@pytest.mark.parametrize(
    ("no_later_than", "day"),
    [
        (None, (2026, 11, 27)),
        (NOW + timedelta(hours=72), (2026, 11, 26)),
        (datetime(2026, 11, 28, 5, 0, tzinfo=UTC), (2026, 11, 27)),
        (datetime(2026, 11, 28, 4, 59, tzinfo=UTC), (2026, 11, 26)),
        (NOW + timedelta(minutes=1), (2026, 11, 24)),
        (NOW + timedelta(days=90), (2026, 12, 23)),
    ],
)
def test_a_slip_ends_with_a_day(no_later_than: datetime | None, day: tuple[int, int, int]) -> None:
    end = slip_end(NOW, EfectySettings(), no_later_than)
    assert end == datetime(*day, 23, 59, 59, 999_999, tzinfo=COLOMBIA)


async def test_an_attempt_that_ends_sooner_has_a_shorter_slip(efecty: EfectyStage) -> None:
    attempt = replace(efecty.attempt(), expires_at=utc_now() + timedelta(hours=30))
    charge = await efecty.client.start(attempt)
    assert charge.instructions is not None
    assert charge.instructions.expires_at <= utc_now() + timedelta(hours=30)
