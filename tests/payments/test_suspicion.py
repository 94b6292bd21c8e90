"""The facts that the rules of fraud judge: from the database, in one statement, by indexes; and no traces of people."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from mestore.core.database import driver_of, transaction
from mestore.core.market_settings import FraudSettings
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.attempts import Attempts, payer_of
from mestore.payments.fraud.repository import VELOCITY, SuspicionRepository
from mestore.payments.fraud.score import Verdict
from mestore.payments.fraud.suspicion import Suspicion
from mestore.payments.fraud.traces import Payer, Traces, hint_of
from mestore.payments.gateways.base import Device
from mestore.payments.models import BlockKind, CaseKind, Payment, PaymentCase
from mestore.payments.schemas import (
    NequiData,
    NoData,
    PayByBancolombia,
    PayByCard,
    PayByEfecty,
    PayByNequi,
    PayByPse,
    PseData,
)
from mestore.payments.states import PaymentStatus
from mestore.users.models import User
from tests.make import PSE, Make
from tests.payments.attempts import approve, tell, waiting
from tests.payments.bank import Bank
from tests.rows import Rows

HERE = Device("190.24.10.7", "Firefox", "sitting", "movil-7f3a9c01")
ELSEWHERE = Device("181.1.1.1", "Firefox", "sitting", "movil-00000001")
CARD = "VISA-424242-4242-06-29"
TRACES = Traces(FraudSettings())


@pytest.fixture(name="buyer")
async def _buyer(make: Make, rows: Rows) -> User:
    """An old customer with everything verified: nothing costs points."""
    buyer = await make.buyer(phone_verified=True)
    await rows.execute("UPDATE users SET created_at = now() - interval '400 days' WHERE id = :id", id=buyer.id)
    return await make.existing_user(buyer.id)


async def judged(
    world: World, make: Make, buyer: User, payer: Payer | None = None, settings: FraudSettings | None = None
) -> Verdict:
    order = await make.order(buyer=buyer)
    rules = world.settings.model_copy(update={"fraud": settings or world.settings.fraud})
    async with transaction(world.sessions) as session:
        return await Suspicion(session, rules, world.now).judge(buyer, order, payer or Payer())


async def attempts(
    world: World, make: Make, buyer: User, number: int, status: PaymentStatus = PaymentStatus.ERROR, **more: Any
) -> None:
    for _ in range(number):
        await waiting(world, await make.order(buyer=buyer), status=status, **more)


async def test_an_old_customer_is_not_suspicious(world: World, make: Make, buyer: User) -> None:
    assert await judged(world, make, buyer, Payer(device=HERE)) == Verdict(0, [])


async def test_what_is_not_verified_and_new_costs(world: World, make: Make) -> None:
    buyer = await make.buyer(email_verified=False)
    found = await judged(world, make, await make.existing_user(buyer.id))
    assert found.reasons == ["new_account", "email_not_verified", "phone_not_verified"]


async def test_attempts_and_declines_of_the_hour_count(world: World, make: Make, rows: Rows, buyer: User) -> None:
    await attempts(world, make, buyer, 2)
    await attempts(world, make, buyer, 3, PaymentStatus.DECLINED)
    assert (await judged(world, make, buyer)).reasons == ["several_attempts", "several_declines"]
    await rows.execute("UPDATE payments SET created_at = now() - interval '61 minutes'")
    assert (await judged(world, make, buyer)).reasons == []


async def test_an_outage_makes_nobody_suspicious(world: World, make: Make, rows: Rows, buyer: User) -> None:
    keys = TRACES.keys(Payer(device=HERE))

    async def counted() -> list[tuple[int, int]]:
        async with transaction(world.sessions) as session:
            facts, device, address = SuspicionRepository(session), keys["device_key"], keys["address_key"]
            found = await facts.velocity(buyer.id, device_key=device, address_key=address, digests=[])
        return [found.of_buyer, found.of_device, found.of_address]

    order = await make.order(buyer=buyer)
    for gateway in ("wompi", "payu") * 6:
        await waiting(world, order, status=PaymentStatus.ERROR, gateway=gateway, **keys)
    assert await counted() == [(1, 0)] * 3, "nothing was made of it, in twelve tries"
    await waiting(world, order, gateway="payu", **keys)
    assert await counted() == [(1, 0)] * 3, "the first that took it"
    await rows.execute("UPDATE payments SET status = 'DECLINED' WHERE status = 'PENDING'")
    await waiting(world, order, status=PaymentStatus.DECLINED, **keys)
    await waiting(world, order, status=PaymentStatus.ERROR, gateway_transaction_id="error-1", **keys)
    assert await counted() == [(3, 2)] * 3, "what a gateway made of the same order counts each time"


async def test_a_device_and_an_address_are_known_whoever_sits_there(world: World, make: Make, buyer: User) -> None:
    keys = TRACES.keys(Payer(device=HERE))
    for _ in range(6):
        await attempts(world, make, await make.buyer(), 1, PaymentStatus.DECLINED, **keys)
    found = await judged(world, make, buyer, Payer(device=HERE))
    assert found.reasons == ["several_attempts_of_device", "several_declines_of_device"]
    assert (await judged(world, make, buyer, Payer(device=ELSEWHERE))).reasons == []
    assert (await judged(world, make, buyer)).reasons == [], "who sits nowhere is judged without"
    for _ in range(14):
        await attempts(world, make, await make.buyer(), 1, address_key=keys["address_key"])
    nameless = Payer(device=Device(HERE.ip_address, "", "sitting"))
    assert (await judged(world, make, buyer, nameless)).reasons == ["several_attempts_of_address"]


async def test_cards_of_the_day_count_once_their_gateways_told(
    world: World, make: Make, rows: Rows, buyer: User
) -> None:
    for number in range(3):
        payment = await waiting(world, await make.order(buyer=buyer))
        await tell(world, payment, PaymentStatus.DECLINED, card=f"VISA-424242-000{number}-06-29")
    await rows.execute("UPDATE payments SET created_at = now() - interval '2 hours'")
    assert (await judged(world, make, buyer)).reasons == ["several_cards"]
    keys = [payment.card_key for payment in await rows.all(Payment)]
    assert len(set(keys)) == 3
    assert all(key and len(key) == 64 and "0001" not in key[:4] for key in keys)
    await rows.execute("UPDATE payments SET created_at = now() - interval '25 hours'")
    assert (await judged(world, make, buyer)).reasons == []


async def test_a_card_of_several_buyers_is_seen_when_its_gateway_tells_of_it(
    world: World, make: Make, rows: Rows
) -> None:
    for number in range(1, 6):
        payment = await waiting(world, await make.order(), fraud_score=5, fraud_reasons=["phone_not_verified"])
        await tell(world, payment, PaymentStatus.PENDING, card=CARD)
        await tell(world, payment, PaymentStatus.PENDING, card=CARD)
        found = await rows.get(Payment, payment.id)
        step = "card_of_many_buyers" if number == 5 else "card_of_several_buyers"
        expected = ["phone_not_verified"] if number < 3 else ["phone_not_verified", step]
        assert found.fraud_reasons == expected, number
        assert found.fraud_score == {1: 5, 2: 5, 3: 35, 4: 35, 5: 70}[number], "the card counts once"
    # The fifth is paid all the same, and waits for a person.
    await approve(world, payment, card=CARD)
    assert (await rows.get(Order, payment.order_id)).status is OrderStatus.PENDING
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.FRAUD_REVIEW]
    buyer = await make.existing_user(payment.buyer_id)
    assert "card_of_many_buyers" in (await judged(world, make, buyer)).reasons


async def tokenized(world: World, number: str) -> str:
    """What a buyer's browser does with a card."""
    wompi = world.settings.wompi
    card = {"number": number, "cvc": "123", "exp_month": "06", "exp_year": "29", "card_holder": "Ana Ruiz"}
    headers = {"Authorization": f"Bearer {wompi.public_key}"}
    answer = await world.http.post(f"{wompi.base_url}/tokens/cards", json=card, headers=headers)
    return str(answer.json()["data"]["id"])


async def test_wompi_tells_which_card_it_was(bank: Bank, make: Make, rows: Rows, world: World) -> None:
    """The same card of two buyers, by the tokens of two sittings."""
    keys = []
    for number in ("4242424242424242", "4242424242424242", "4111111111111111"):
        token = await tokenized(world, number)
        answer = await bank.pay(await make.order(), method="CARD", data={"token": token})
        payment = await rows.get(Payment, answer.json()["payment_id"])
        keys.append(payment.card_key)
    assert None not in keys
    assert (keys[0] == keys[1], keys[0] == keys[2]) == (True, False)


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("Ana Ruiz", False),
        ("RUIZ ANA", False),
        ("Ana María Ruiz Gómez", False),
        ("ana ruíz", False),
        ("Ana", False),
        ("Ana Gómez", True),
        ("Pedro Pérez", True),
    ],
)
async def test_a_name_differs_when_it_is_surely_another_s(
    world: World, make: Make, buyer: User, name: str, differs: bool
) -> None:
    found = await judged(world, make, buyer, Payer(name=name))
    assert found.reasons == (["name_differs"] if differs else [])


async def test_a_document_differs_from_that_of_the_payer_s_own_shop(
    world: World, make: Make, buyer: User, rows: Rows
) -> None:
    assert (await judged(world, make, buyer, Payer(document_number="900"))).reasons == []
    shop = await make.vendor(document_number="901.234.567-8")
    owner = await make.owner(shop)
    await rows.execute(
        """UPDATE users SET created_at = now() - interval '1 year', phone = '+573009999999', phone_verified = true
            WHERE id = :id""",
        id=owner.id,
    )
    owner = await make.existing_user(owner.id)
    assert (await judged(world, make, owner, Payer(document_number="9012345678"))).reasons == []
    assert (await judged(world, make, owner, Payer(document_number="1020304050"))).reasons == ["document_differs"]


async def test_the_largest_that_was_paid_is_the_buyer_s_own_and_settled(
    world: World, make: Make, rows: Rows, buyer: User
) -> None:
    payment = await waiting(world, await make.order(buyer=buyer))
    await approve(world, payment)
    await rows.execute("UPDATE payments SET amount = 1000")
    assert (await judged(world, make, buyer)).reasons == ["very_far_above_own_history"]
    await rows.execute("UPDATE payments SET settles_order = false")
    assert (await judged(world, make, buyer)).reasons == []


async def test_the_thresholds_are_those_of_the_settings(make: Make, rows: Rows, world: World) -> None:
    async def paid(**rules: int) -> tuple[PaymentStatus, int, OrderStatus]:
        """What becomes of a newcomer's attempt that its gateway, where it is asked, approves."""
        changed = replace(world, settings=world.settings.model_copy(update={"fraud": FraudSettings(**rules)}))
        buyer = await make.existing_user((await make.buyer()).id)
        wanted = PayByBancolombia(
            order_id=(await make.order(buyer=buyer)).id, payment_method="BANCOLOMBIA", payment_data=NoData()
        )
        async with transaction(world.sessions) as session:
            payment = await Attempts(session, changed).record(buyer, wanted, "wompi", None)
        asked = payment.status
        if asked is PaymentStatus.PROCESSING:
            await approve(changed, payment)
        return asked, payment.fraud_score, (await rows.get(Order, payment.order_id)).status

    points = {"new_account": 40, "phone_not_verified": 40}
    assert await paid(**points) == (PaymentStatus.DECLINED, 80, OrderStatus.PENDING)
    assert await paid(**points, decline_from=81) == (PaymentStatus.PROCESSING, 80, OrderStatus.PENDING)
    assert await paid(**points, decline_from=82, review_from=81) == (
        PaymentStatus.PROCESSING,
        80,
        OrderStatus.CONFIRMED,
    )
    assert await paid() == (PaymentStatus.PROCESSING, 15, OrderStatus.CONFIRMED)


def test_who_pays_is_read_from_the_request() -> None:
    pse = PayByPse(order_id=1, payment_method="PSE", payment_data=PseData(**PSE))
    assert payer_of(pse, HERE) == Payer(document_type="CC", document_number="1020304050", device=HERE)
    nequi = PayByNequi(order_id=1, payment_method="NEQUI", payment_data=NequiData(phone="3001234567"))
    assert payer_of(nequi, None) == Payer(phone="3001234567")
    for plain in (
        PayByCard(order_id=1, payment_method="CARD"),
        PayByBancolombia(order_id=1, payment_method="BANCOLOMBIA"),
        PayByEfecty(order_id=1),
    ):
        assert payer_of(plain, HERE) == Payer(device=HERE)


# Traces


def test_traces_tell_no_address_device_or_person() -> None:
    keys = TRACES.keys(Payer(device=HERE, card_token="tok_test_1"))
    assert keys["card_key"] is None
    for key in (keys["device_key"], keys["address_key"]):
        assert key is not None
        assert len(key) == 64
        assert int(key, 16)
    other = Traces(FraudSettings(secret="k7Jd0s9Q2mXw4vB8nT1zR6yC3hL5gF0p"))
    assert set(other.keys(Payer(device=HERE)).values()) & set(keys.values()) == {None}
    assert TRACES.keys(Payer()) == {"device_key": None, "address_key": None, "card_key": None}
    assert TRACES.keys(Payer(device=Device("190.24.10.7", "", "")))["device_key"] is None


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        (BlockKind.ADDRESS, "190.24.10.7", "190.24.10.8", False),
        (BlockKind.ADDRESS, "2800:e2:1:1::7", "2800:E2:1:1:ffff::1", True),
        (BlockKind.ADDRESS, "2800:e2:1:1::7", "2800:e2:1:2::7", False),
        (BlockKind.ADDRESS, "190.24.10.7", "::ffff:190.24.10.7", True),
        (BlockKind.EMAIL, "Ana@Example.co ", "ana@example.co", True),
        (BlockKind.EMAIL, "ana@example.co", "ana@example.com", False),
        (BlockKind.PHONE, "3001234567", "+57 300 123 4567", True),
        (BlockKind.DOCUMENT, "1.020.304-5", "10203045", True),
        (BlockKind.DOCUMENT, "ab-12", "AB12", True),
        (BlockKind.DEVICE, "movil-1", "MOVIL-1", False),
    ],
)
def test_spellings_of_one_thing_have_one_digest(kind: BlockKind, one: str, other: str, same: bool) -> None:
    assert (TRACES.digest(kind, one) == TRACES.digest(kind, other)) is same


def test_a_hint_is_less_than_half_of_what_it_is_of() -> None:
    assert hint_of(BlockKind.EMAIL, "ana@example.co") == "@example.co"
    assert hint_of(BlockKind.PHONE, "3001234567") == "…4567"
    assert hint_of(BlockKind.DOCUMENT, "1234567") == ""
    assert hint_of(BlockKind.ADDRESS, "190.24.10.7") == ""


# Plans


@pytest.fixture(scope="module")
def filled(new_database: Callable[[str], str], worker_id: str) -> str:
    """A marketplace with 60,000 attempts of 3,000 buyers."""
    url = new_database(f"velocity_{worker_id}")
    asyncio.run(_fill(url))
    return url


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("""
            INSERT INTO payments (order_id, buyer_id, gateway, method, reference, amount, currency, status,
                settles_order, fraud_score, fraud_reasons, expires_at, asks, device_key, address_key, card_key,
                created_at)
            SELECT n, md5((n % 3000)::text)::uuid, 'wompi', 'CARD', n, 1000, 'COP', 'DECLINED', true, 0, '[]', now(),
                0, md5('d' || n % 5000), md5('a' || n % 4000), md5('c' || n % 6000), now() - n * interval '1 minute'
            FROM generate_series(1, 60000) AS n""")
        await connection.execute("""
            INSERT INTO fraud_blocks (kind, digest, hint, reason, blocked_by)
            SELECT 'DEVICE', md5('b' || n), '', '', gen_random_uuid() FROM generate_series(1, 20000) AS n""")
        await connection.execute("""
            INSERT INTO vendors (id, user_id, slug, business_name, description, document_type, document_number, city,
                status, terms_accepted_at)
            SELECT gen_random_uuid(), md5(n::text)::uuid, 's' || n, 's', '', 'CC', n::text, 'x', 'APPROVED', now()
            FROM generate_series(1, 5000) AS n""")
        await connection.execute("VACUUM ANALYZE payments, fraud_blocks, vendors")
    finally:
        await connection.close()


@pytest.fixture(name="many")
async def _many(filled: str) -> Any:
    connection = await asyncpg.connect(filled)
    yield connection
    await connection.close()


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from nodes(inner)


async def plan_of(connection: asyncpg.Connection, statement: str, *values: Any) -> tuple[set[str], str]:
    """Which tables are read whole, and by what the others are."""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    found = list(nodes(json.loads(plan)[0]["Plan"]))
    whole = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
    return whole, " ".join(node["Index Cond"] for node in found if "Index Cond" in node)


async def test_all_facts_are_found_by_indexes(many: asyncpg.Connection) -> None:
    values: Sequence[Any] = (
        await many.fetchval("SELECT md5('7')::uuid"),
        ["0" * 64, "1" * 64],
        await many.fetchval("SELECT md5('d7')"),
        await many.fetchval("SELECT md5('a7')"),
        timedelta(hours=1),
        timedelta(days=1),
    )
    whole, by = await plan_of(many, VELOCITY, *values)
    assert whole == set()
    for column in ("buyer_id", "device_key", "address_key", "card_key", "digest", "user_id"):
        assert re.search(rf"\b{column}\)?(::text)? =", by), f"{column}: {by}"
    row = await many.fetchrow(VELOCITY, *values)
    assert (list(row["of_device"]), row["document_number"]) == ([1, 1], "7")
    assert await plan_of(many, "SELECT count(*) FROM payments WHERE amount = 7") == ({"payments"}, "")


async def test_one_statement_asks_for_all_facts(world: World, make: Make, buyer: User) -> None:
    order = await make.order(buyer=buyer)
    asked: list[object] = []
    async with transaction(world.sessions) as session:
        with (await driver_of(session)).query_logger(asked.append):
            await Suspicion(session, world.settings, world.now).judge(buyer, order, Payer(device=HERE))
    assert len(asked) == 1


async def test_the_amount_alone_may_be_judged(world: World, make: Make, buyer: User) -> None:
    costly = await make.product(price=9_000_000)
    order = await make.order(buyer=buyer, units={costly.id: 1})
    assert order.total_amount > Money(10_000_000)
    async with transaction(world.sessions) as session:
        found = await Suspicion(session, world.settings, world.now).judge(buyer, order, Payer())
    assert found.reasons == ["very_large_amount"]
