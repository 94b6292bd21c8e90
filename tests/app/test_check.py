"""`mestore check`: it finds nothing in a marketplace that has lived, and each planted defect in one that has not."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from mestore.app.check import MOST_SHOWN, RULES, Finding, ask, run
from mestore.app.check.rule import Rule
from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.settings import Settings
from mestore.core.world import open_world
from tests.app.lived_in import LivedIn, live_in
from tests.sandbox.running import RunningSandbox

CONFIRMED = "(SELECT min(order_id) FROM commissions)"
PENDING = "(SELECT min(id) FROM orders WHERE status = 'PENDING')"
LATE = "(SELECT order_id FROM payments p JOIN payment_cases k ON k.payment_id = p.id WHERE k.kind = 'LATE')"


def collected(outcome: str, *, amount: str = "amount", first: bool = True) -> str:
    """A collection of the payment that settled an order."""
    return f"""
        INSERT INTO collections
            (key, source, gateway, code, amount, receipt, line, first, outcome, payment_id, received_by)
        SELECT 'k' || count(*) OVER () || random(), 'FILE', gateway, '326', {amount}, '1', 1, {first}, '{outcome}',
            CASE '{outcome}' WHEN 'UNKNOWN' THEN NULL ELSE id END, buyer_id
        FROM payments WHERE order_id = {CONFIRMED}"""


DEFECTS: dict[str, list[str]] = {
    "collection-is-placed": [
        collected("CONFIRMED", amount="amount - 1"),
        collected("KNOWN", amount="amount + 1"),
        *(collected(outcome) for outcome in ("UNDERPAID", "OVERPAID", "LATE")),
        *(collected(outcome, first=False) for outcome in ("SECOND_PAYMENT", "UNKNOWN")),
        f"{collected('CONFIRMED')}; DELETE FROM payment_events",
    ],
    "collected-once": [
        f"{collected('KNOWN')}; {collected('KNOWN', first=False)}",
        f"DROP INDEX uq_collections_first; {collected('KNOWN')}; {collected('KNOWN')}",
    ],
    "reserved-is-held": [
        f"UPDATE products SET reserved = 0 WHERE id IN (SELECT product_id FROM stock_holds WHERE order_id = {PENDING})",
        "UPDATE products SET reserved = reserved + 1 WHERE id = (SELECT id FROM products WHERE reserved = 0 LIMIT 1)",
    ],
    "reserved-is-on-hand": [
        "ALTER TABLE products DROP CONSTRAINT ck_products_stock; UPDATE products SET reserved = stock + 1",
        "ALTER TABLE products DROP CONSTRAINT ck_products_stock; UPDATE products SET stock = -1, reserved = -1",
    ],
    "stock-is-its-movements": [
        "UPDATE products SET stock = stock + 1",
        "DELETE FROM stock_movements WHERE kind = 'SALE'",
        "DELETE FROM stock_movements",
        "INSERT INTO stock_movements (product_id, kind, stock_change) SELECT id, 'IN', 1 FROM products LIMIT 1",
    ],
    "reserved-is-its-movements": [
        f"UPDATE products SET reserved = 0 WHERE id IN (SELECT product_id FROM stock_holds WHERE order_id = {PENDING})",
        f"DELETE FROM stock_movements WHERE kind = 'HOLD' AND order_id = {PENDING}",
        "DELETE FROM stock_movements WHERE kind = 'RELEASE'",
        f"""INSERT INTO stock_movements (product_id, kind, reserved_change, order_id)
            SELECT product_id, kind, reserved_change, order_id FROM stock_movements
            WHERE kind = 'HOLD' AND order_id = {PENDING}""",
    ],
    "holds-follow-the-order": [
        f"UPDATE stock_holds SET state = 'OPEN' WHERE order_id = {CONFIRMED}",
        f"UPDATE stock_holds SET state = 'RELEASED' WHERE order_id = {CONFIRMED}",
        f"UPDATE stock_holds SET state = 'RELEASED' WHERE order_id = {PENDING}",
        f"UPDATE stock_holds SET state = 'OPEN' WHERE order_id = {LATE}",
        f"UPDATE stock_holds SET state = 'SOLD' WHERE order_id = {LATE}",
    ],
    "holds-match-the-items": [
        f"UPDATE stock_holds SET quantity = quantity + 1 WHERE order_id = {PENDING}",
        f"DELETE FROM stock_holds WHERE order_id = {CONFIRMED}",
        f"DELETE FROM order_items WHERE order_id = {CONFIRMED}",
    ],
    "what-came-back-is-in-stock": [
        "UPDATE stock_holds SET returned = 0",
        f"UPDATE stock_holds SET returned = 1 WHERE order_id = {CONFIRMED}",
    ],
    "order-follows-its-packages": [
        f"UPDATE packages SET status = 'PREPARING' WHERE order_id = {CONFIRMED}; UPDATE orders SET status = 'SHIPPED'",
        f"UPDATE packages SET status = 'CANCELLED' WHERE order_id = {CONFIRMED}",
        f"UPDATE packages SET status = 'DELIVERED' WHERE order_id = {CONFIRMED}",
        f"UPDATE packages SET status = 'SHIPPED' WHERE order_id = {CONFIRMED}",
        f"UPDATE orders SET status = 'PROCESSING' WHERE id = {CONFIRMED}",
    ],
    "package-history-is-a-chain": [
        f"UPDATE packages SET status = 'PREPARING' WHERE order_id = {CONFIRMED}",
        "DELETE FROM order_history WHERE package_id IS NOT NULL AND to_status = 'SHIPPED'",
        "UPDATE order_history SET from_status = 'PREPARING' WHERE to_status = 'DELIVERED' AND package_id IS NOT NULL",
        "DELETE FROM package_edges WHERE to_status = 'DELIVERED'",
    ],
    "one-approved-payment": [
        f"""DROP INDEX uq_payments_approved;
        UPDATE payments SET order_id = {CONFIRMED}, status = 'APPROVED'
            WHERE id IN (SELECT id FROM payments WHERE order_id = {PENDING})""",
    ],
    "payment-is-the-total": [
        f"UPDATE orders SET total_amount = total_amount + 1, subtotal = subtotal + 1 WHERE id = {CONFIRMED}",
        """UPDATE payment_events SET currency = 'USD' WHERE status = 'APPROVED';
        UPDATE payments SET currency = 'USD'""",
    ],
    "approved-by-the-gateway": [
        "DELETE FROM payment_events WHERE status = 'APPROVED'",
        "UPDATE payment_events SET amount = amount - 1",
        f"UPDATE payments SET status = 'APPROVED' WHERE order_id = {PENDING}",
    ],
    "confirmed-was-paid": [
        f"UPDATE orders SET status = 'CONFIRMED' WHERE id = {PENDING}",
        f"UPDATE payments SET settles_order = false WHERE order_id = {CONFIRMED}",
    ],
    "one-open-attempt": [
        f"DROP INDEX uq_payments_open_attempt; UPDATE payments SET status = 'PENDING', order_id = {PENDING}",
    ],
    "order-adds-up": [
        "ALTER TABLE orders DROP CONSTRAINT ck_orders_total; UPDATE orders SET total_amount = total_amount - 1",
        "ALTER TABLE orders DROP CONSTRAINT ck_orders_total; UPDATE orders SET iva_amount = iva_amount + 1",
    ],
    "order-is-its-packages": [
        f"UPDATE orders SET shipping_cost = shipping_cost + 1, total_amount = total_amount + 1 WHERE id = {CONFIRMED}",
        f"UPDATE orders SET iva_amount = iva_amount - 1, subtotal = subtotal + 1 WHERE id = {CONFIRMED}",
        f"DELETE FROM packages WHERE order_id = {PENDING}",
    ],
    "package-is-its-items": [
        "UPDATE packages SET iva_amount = iva_amount - 1, subtotal = subtotal + 1",
        f"DELETE FROM order_items WHERE order_id = {CONFIRMED}",
        "ALTER TABLE packages DROP CONSTRAINT ck_packages_total; UPDATE packages SET shipping_cost = 1",
    ],
    "item-adds-up": [
        "ALTER TABLE order_items DROP CONSTRAINT ck_order_items_total_price; UPDATE order_items SET quantity = 3",
        "UPDATE order_items SET iva_amount = iva_amount + 1",
        "UPDATE order_items SET iva_rate = 0.05",
    ],
    "item-is-in-its-package": [
        f"UPDATE order_items SET package_id = (SELECT max(id) FROM packages) WHERE order_id = {PENDING}",
        "UPDATE order_items SET vendor_id = gen_random_uuid()",
    ],
    "one-commission-per-package": [
        f"DELETE FROM commissions WHERE order_id = {CONFIRMED}",
        f"UPDATE commissions SET status = 'REVERSED' WHERE order_id = {CONFIRMED}",
        """DROP INDEX uq_commissions_package_id;
        INSERT INTO commissions (order_id, package_id, vendor_id, base, rate, amount, status)
            SELECT order_id, package_id, vendor_id, base, rate, amount, status FROM commissions""",
        f"""DELETE FROM commissions WHERE order_id = {CONFIRMED};
        INSERT INTO pgqueuer (priority, status, entrypoint, payload) SELECT
            0, 'failed', 'commissions.charge_confirmed_order', convert_to('{{"order_id": ' || id || '}}', 'UTF8')
        FROM orders""",
    ],
    "commission-is-its-rate": [
        "UPDATE commissions SET amount = amount + 1",
        "UPDATE commissions SET amount = floor(rate * base) WHERE reversed_base = 0",
        "UPDATE commissions SET base = base - 20, amount = amount - 1 WHERE reversed_base = 0",
        "UPDATE commissions SET vendor_id = gen_random_uuid()",
    ],
    "no-commission-without-sale": [
        f"UPDATE orders SET status = 'PENDING' WHERE id = {CONFIRMED}",
        f"UPDATE commissions SET order_id = {LATE}",
    ],
    "refunds-are-within-payment": [
        "UPDATE refunds SET amount = amount + 10000000",
        f"UPDATE refunds SET order_id = {CONFIRMED}",
    ],
    "refunds-are-within-package": [
        "UPDATE refunds r SET amount = total + 1 FROM packages p WHERE p.id = r.package_id",
        f"UPDATE refunds SET package_id = (SELECT min(id) FROM packages WHERE order_id = {CONFIRMED})",
    ],
    "refund-under-way-was-sent": [
        "UPDATE refunds SET status = 'PROCESSING', ask_after = now() WHERE status = 'MANUAL'",
        "UPDATE refunds SET status = 'PROCESSING', ask_after = now(), sent_at = now() WHERE status = 'MANUAL'",
        """UPDATE refunds SET status = 'REQUESTED', ask_after = now(), destination = '{"kind": "BREB_KEY"}'
            WHERE status = 'MANUAL'""",
    ],
    "refunded-is-paid-back": [
        f"UPDATE payments SET status = 'REFUNDED' WHERE order_id = {CONFIRMED}",
        "UPDATE payments SET status = 'APPROVED' WHERE status = 'PARTIALLY_REFUNDED'",
        "UPDATE payments SET status = 'REFUNDED' WHERE status = 'PARTIALLY_REFUNDED'",
        "UPDATE refunds SET status = 'MANUAL', made_at = NULL WHERE status = 'MADE'",
    ],
    "cancelled-package-is-owed-back": [
        "DELETE FROM refunds WHERE cause LIKE 'package:%'",
        "UPDATE refunds SET amount = amount - 1",
        f"UPDATE packages SET status = 'CANCELLED' WHERE order_id = {CONFIRMED}",
        f"UPDATE packages SET status = 'RETURNED' WHERE order_id = {CONFIRMED}",
    ],
    "received-return-is-owed-back": [
        "DELETE FROM refunds WHERE cause LIKE 'return:%'",
        "UPDATE returns SET refund_amount = refund_amount + 1",
    ],
    "reversals-add-up": [
        "DELETE FROM commission_reversals",
        "UPDATE commission_reversals SET base = base + 1",
        "UPDATE commissions SET reversed_amount = reversed_amount - 1 WHERE reversed_amount > 0",
    ],
    "reversed-is-all-of-it": [
        "UPDATE commissions SET status = 'PENDING' WHERE status = 'REVERSED'",
        "UPDATE commissions SET reversed_base = reversed_base - 1 WHERE status = 'REVERSED'",
        f"UPDATE commissions SET status = 'REVERSED' WHERE order_id = {CONFIRMED}",
    ],
    "returned-units-are-asked-for": [
        "UPDATE order_items SET returned_units = 2 WHERE returned_units = 1",
        f"UPDATE order_items SET returned_units = 1 WHERE order_id = {CONFIRMED}",
        "UPDATE returns SET status = 'REFUSED', refusal_reason = '-', refund_amount = NULL",
        "DELETE FROM return_items",
        "UPDATE refunds SET units = jsonb_build_object((SELECT min(id) FROM order_items), 1) WHERE cause LIKE 'r%'",
    ],
    "refunded-units-were-received": [
        "UPDATE order_items SET refunded_units = 0",
        "UPDATE returns SET status = 'APPROVED', refund_amount = NULL",
        "UPDATE refunds SET units = jsonb_build_object((SELECT min(id) FROM order_items), 1) WHERE cause LIKE 'r%'",
    ],
    "return-is-of-its-package": [
        "DELETE FROM return_items",
        "UPDATE returns SET buyer_id = gen_random_uuid()",
        "UPDATE returns SET package_id = (SELECT min(id) FROM packages)",
    ],
    "return-history-is-a-chain": [
        "DELETE FROM return_history",
        "DELETE FROM return_history WHERE to_status = 'APPROVED'",
        "DELETE FROM return_history WHERE to_status = 'RECEIVED'",
        "UPDATE return_history SET to_status = 'IN_TRANSIT' WHERE to_status = 'RECEIVED'",
    ],
    "money-is-placed": [
        "DELETE FROM payment_cases WHERE kind = 'LATE'",
        "DELETE FROM payment_cases WHERE kind = 'MISMATCH'",
        "UPDATE payment_cases SET closed_at = now(), resolution = 'APPROVED' WHERE kind = 'FRAUD_REVIEW'",
        "DELETE FROM refunds WHERE cause LIKE 'rejected:%'",
        f"UPDATE payments SET settles_order = false WHERE order_id = {CONFIRMED}",
        f"""UPDATE orders SET status = 'PENDING' WHERE id = {CONFIRMED};
        DELETE FROM order_history WHERE order_id = {CONFIRMED} AND to_status = 'CONFIRMED'""",
    ],
    "money-is-placed-once": [
        f"UPDATE payment_cases SET payment_id = (SELECT id FROM payments WHERE order_id = {CONFIRMED})",
    ],
    "unsettled-money-is-owed-back": [
        "DELETE FROM refunds WHERE cause LIKE 'late:%'",
        "DELETE FROM refunds WHERE cause LIKE 'rejected:%'",
        "UPDATE refunds SET amount = amount - 1 WHERE cause LIKE 'late:%'",
        f"""UPDATE refunds SET payment_id = p.id, cause = 'late:' || p.id FROM payments p
            WHERE p.order_id = {CONFIRMED} AND cause LIKE 'late:%'""",
    ],
    "unknown-money-is-shown": ["DELETE FROM payment_cases WHERE kind = 'UNMATCHED'"],
    "event-is-kept-once": [
        """DROP INDEX uq_gateway_events_gateway_dedupe_key;
        INSERT INTO gateway_events (gateway, dedupe_key, transaction_id, body, handled_at, outcome)
            SELECT gateway, dedupe_key, transaction_id, body, handled_at, outcome FROM gateway_events""",
    ],
    "event-is-handled": [
        "UPDATE gateway_events SET handled_at = NULL, outcome = NULL",
        "UPDATE gateway_events SET outcome = NULL",
    ],
    "event-is-applied-once": [
        """INSERT INTO payment_events (payment_id, source, status, amount, currency, gateway_transaction_id)
            SELECT payment_id, source, status, amount, currency, gateway_transaction_id
            FROM payment_events WHERE source = 'webhook' LIMIT 1""",
        "DELETE FROM payment_events WHERE source = 'webhook'",
        "UPDATE gateway_events SET outcome = 'NOT_CONFIRMED'",
    ],
    "answered-order-exists": [
        f"DELETE FROM orders WHERE id = {CONFIRMED}",
        f"UPDATE orders SET buyer_id = gen_random_uuid() WHERE id = {CONFIRMED}",
    ],
    "answered-payment-exists": [f"DELETE FROM payments WHERE order_id = {CONFIRMED}"],
    "unknown-is-asked-after": [
        "UPDATE payments SET ask_after = NULL WHERE status = 'PENDING'",
        f"UPDATE payments SET status = 'PROCESSING', ask_after = NULL WHERE order_id = {CONFIRMED}",
    ],
    "buyer-and-vendors-are-told": [
        "DELETE FROM messages WHERE template = 'order_confirmed_buyer'",
        "DELETE FROM messages WHERE id IN (SELECT min(id) FROM messages WHERE template = 'order_confirmed_vendor')",
    ],
    "letter-has-its-fact": [
        f"UPDATE messages SET fact = 'order_confirmed:' || {LATE} WHERE template = 'order_confirmed_buyer'",
        """UPDATE messages SET receiver_id = (SELECT receiver_id FROM messages WHERE template = 'order_confirmed_buyer'
            LIMIT 1) WHERE template = 'order_confirmed_vendor'""",
        "DELETE FROM otp_codes",
        "UPDATE users SET email_verified = false",
        "UPDATE messages SET receiver_id = gen_random_uuid() WHERE template = 'account_exists'",
    ],
    "letter-is-sent": ["UPDATE messages SET status = 'QUEUED'", "UPDATE messages SET status = 'SENDING'"],
    "shipped-package-is-followed": [
        f"UPDATE packages SET status = 'SHIPPED', carrier = 'TCC', shipped_at = now() WHERE order_id = {CONFIRMED}",
        f"""UPDATE packages SET status = 'SHIPPED', guide_number = id::text, shipped_at = now()
            WHERE order_id = {CONFIRMED}""",
        f"""UPDATE packages SET status = 'SHIPPED', carrier = 'TCC', guide_number = id::text
            WHERE order_id = {CONFIRMED}""",
    ],
    "delivered-package-says-when": [
        f"UPDATE packages SET status = 'DELIVERED', delivered_at = now() WHERE order_id = {CONFIRMED}",
        f"UPDATE packages SET status = 'DELIVERED', returnable_until = now() WHERE order_id = {CONFIRMED}",
    ],
    "history-ends-in-the-status": [
        f"UPDATE orders SET status = 'PROCESSING' WHERE id = {CONFIRMED}",
        f"DELETE FROM order_history WHERE order_id = {PENDING}",
    ],
    "history-is-a-chain": [
        f"DELETE FROM order_history WHERE order_id = {CONFIRMED} AND to_status = 'PENDING'",
        f"""INSERT INTO order_history (order_id, from_status, to_status, actor, reason)
            VALUES ({CONFIRMED}, 'PROCESSING', 'SHIPPED', 'SYSTEM', '-')""",
    ],
    "moves-are-allowed": [
        f"""INSERT INTO order_history (order_id, from_status, to_status, actor, reason)
            VALUES ({CONFIRMED}, 'CONFIRMED', 'DELIVERED', 'SYSTEM', '-')""",
    ],
}


@pytest.fixture(scope="module")
def database(new_database: Callable[[str], str], worker_id: str) -> str:
    """Of this module alone: planting a defect may lock it all."""
    return new_database(f"check_{worker_id}")


@pytest.fixture(scope="module")
def own_settings(settings: Settings, database: str) -> Settings:
    return settings.model_copy(update={"database": settings.database.model_copy(update={"url": database})})


@pytest.fixture(scope="module")
async def market(own_settings: Settings, sandbox_process: RunningSandbox) -> AsyncIterator[LivedIn]:
    async with open_world(own_settings, utc_now, TASKS, name="test") as world:
        yield await live_in(world, sandbox_process)


@pytest.fixture
async def planting(market: LivedIn, database: str) -> AsyncIterator[asyncpg.Connection]:
    """A transaction that nothing keeps from planting a defect, and that is undone."""
    connection = await asyncpg.connect(database)
    planted = connection.transaction()
    await planted.start()
    await connection.execute("SET LOCAL session_replication_role = replica")
    yield connection
    await planted.rollback()
    await connection.close()


@pytest.fixture
async def connection(market: LivedIn, database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_a_marketplace_that_has_lived_is_right(
    market: LivedIn, own_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(run, own_settings) == 0
    said = capsys.readouterr().out
    assert f"All {len(RULES)} rules hold." in said
    assert said.count("✓") == len(RULES)
    assert "✗" not in said


def test_each_rule_has_a_name_of_its_own_and_a_planted_defect() -> None:
    assert sorted(rule.name for rule in RULES) == sorted(DEFECTS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
async def test_each_rule_catches_what_breaks_it(planting: asyncpg.Connection, rule: Rule) -> None:
    assert (await ask(planting, rule)).broken == 0
    for defect in DEFECTS[rule.name]:
        finding = await planted(planting, rule, defect)
        assert finding.broken > 0, f"not seen: {defect}"
        assert all(row and "" not in row.values() for row in finding.rows)


async def planted(connection: asyncpg.Connection, rule: Rule, defect: str) -> Finding:
    undone = connection.transaction()
    await undone.start()
    await connection.execute(defect)
    finding = await ask(connection, rule)
    await undone.rollback()
    return finding


ORDER_JOBS = f"""
    INSERT INTO pgqueuer (priority, status, entrypoint, payload)
    SELECT 0, 'queued', job, convert_to('{{"order_id": ' || {CONFIRMED} || '}}', 'UTF8')
    FROM unnest(ARRAY['commissions.charge_confirmed_order', 'notifications.tell_order_confirmed']) AS job"""
WAITING = {
    "one-commission-per-package": f"DELETE FROM commissions WHERE order_id = {CONFIRMED}",
    "buyer-and-vendors-are-told": f"""
        DELETE FROM messages WHERE fact || ':' LIKE 'order_confirmed:' || {CONFIRMED} || ':%'""",
    "event-is-handled": """
        UPDATE gateway_events SET handled_at = NULL, outcome = NULL WHERE id = (SELECT min(id) FROM gateway_events);
        INSERT INTO pgqueuer (priority, status, entrypoint, payload)
        SELECT 0, 'picked', 'payments.handle_gateway_event', convert_to('{"event_id": ' || min(id) || '}', 'UTF8')
        FROM gateway_events""",
    "no-commission-without-sale": """
        UPDATE commissions SET status = 'PENDING' WHERE status = 'REVERSED';
        INSERT INTO pgqueuer (priority, status, entrypoint, payload)
        SELECT 0, 'queued', 'commissions.reverse_refunded', convert_to('{"package_id": ' || package_id || '}', 'UTF8')
        FROM commissions WHERE reversed_base = base""",
    "cancelled-package-is-owed-back": """
        DELETE FROM refunds WHERE cause LIKE 'package:%';
        INSERT INTO pgqueuer (priority, status, entrypoint, payload)
        SELECT 0, 'picked', 'payments.open_refund', convert_to('{"cause": "package:' || id || ':cancelled"}', 'UTF8')
        FROM packages WHERE status = 'CANCELLED'""",
    "received-return-is-owed-back": """
        DELETE FROM refunds WHERE cause LIKE 'return:%';
        INSERT INTO pgqueuer (priority, status, entrypoint, payload)
        SELECT 0, 'queued', 'payments.open_refund', convert_to('{"cause": "return:' || id || '"}', 'UTF8')
        FROM returns""",
    "letter-is-sent": """
        UPDATE messages SET status = 'SENDING' WHERE id IN (SELECT id FROM messages ORDER BY id LIMIT 3);
        INSERT INTO pgqueuer (priority, status, entrypoint, payload)
        SELECT 0, 'queued', 'notifications.send_letters',
            convert_to(json_build_object('message_ids', json_agg(id))::text, 'UTF8')
        FROM (SELECT id FROM messages ORDER BY id LIMIT 2) letters;
        INSERT INTO pgqueuer (priority, status, entrypoint, payload)
        SELECT 0, 'queued', 'notifications.send_sms', convert_to('{"message_id": ' || id || '}', 'UTF8')
        FROM (SELECT id FROM messages ORDER BY id LIMIT 1 OFFSET 2) sms""",
}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.waits], ids=lambda rule: rule.name)
async def test_what_a_queued_job_will_put_right_is_no_defect(planting: asyncpg.Connection, rule: Rule) -> None:
    finding = await planted(planting, rule, f"{ORDER_JOBS}; {WAITING[rule.name]}")
    assert finding.broken == 0
    assert finding.waiting > 0


async def test_defects_are_named_with_the_ids_of_some_rows_and_nothing_of_people(
    connection: asyncpg.Connection, own_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = await connection.fetchval("SELECT id FROM users LIMIT 1")
    await connection.execute(
        """INSERT INTO idempotency_keys (owner_id, route, key, fingerprint, leased_until, status, body)
        SELECT $1, '/orders', 'ana@example.co-' || n, '', now(), 201, '{"id": 0, "name": "Ana"}'
        FROM generate_series(1, 25) AS n""",
        owner,
    )
    try:
        assert await asyncio.to_thread(run, own_settings) == 1
    finally:
        await connection.execute("DELETE FROM idempotency_keys WHERE owner_id = $1 AND fingerprint = ''", owner)
    said = capsys.readouterr().out
    assert f"1 of {len(RULES)} rules are broken: answered-order-exists" in said
    assert said.count(f"owner_id={owner}") == MOST_SHOWN
    assert "… and 5 more" in said
    assert "example.co" not in said


async def test_it_waits_for_nobody_and_nobody_waits_for_it(
    connection: asyncpg.Connection, own_settings: Settings
) -> None:
    async with connection.transaction():
        await connection.execute("LOCK TABLE orders, products, payments, pgqueuer, messages IN EXCLUSIVE MODE")
        assert await asyncio.to_thread(run, own_settings) == 0


async def test_without_a_database_it_says_so(own_settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    away = own_settings.database.model_copy(update={"url": "postgresql://mestore@127.0.0.1:1/mestore"})
    assert await asyncio.to_thread(run, own_settings.model_copy(update={"database": away})) == 1
    assert capsys.readouterr().err.startswith("mestore: the database could not be checked: ")
