"""Money that goes back: refunds, returns and reversed commissions add up to what was cancelled and came back."""

from mestore.app.check.money import COMMISSIONS, MONEY, PAYMENTS
from mestore.app.check.rule import Rule

RETURNS = "Returns"
PAID_BACK = """
    SELECT u.key::bigint AS order_item_id, sum(u.value::integer) AS units
    FROM refunds r, jsonb_each_text(r.units) u GROUP BY 1"""
"""Units of items that administrators paid back, and that did not come back."""
_NOT_OPENED = """
    NOT EXISTS (
        SELECT FROM refunds r WHERE (r.cause, r.order_id) = (d.cause, d.order_id)
            AND (r.amount = d.amount OR r.amount < d.amount AND (
                SELECT sum(amount) FROM refunds b WHERE b.package_id = d.package_id AND b.status <> 'FAILED'
            ) = (SELECT total FROM packages WHERE id = d.package_id))
    )
    AND (SELECT coalesce(sum(amount), 0) FROM refunds b WHERE b.package_id = d.package_id AND b.status <> 'FAILED')
        < (SELECT total FROM packages WHERE id = d.package_id)
    AND NOT EXISTS (SELECT FROM payment_cases k WHERE (k.kind, k.gateway_transaction_id) = ('REFUND', d.cause))"""
_WILL_BE_OPENED = """
    EXISTS (
        SELECT FROM waiting_jobs j
        WHERE j.entrypoint = 'payments.open_refund' AND j.payload ->> 'cause' = d.cause
    ) AS waits"""

RULES: tuple[Rule, ...] = (
    Rule(
        PAYMENTS,
        "refunds-are-within-payment",
        "What goes back of a payment is together not more than was paid, and belongs to its order.",
        """
        SELECT p.id AS payment_id FROM refunds r JOIN payments p ON p.id = r.payment_id
        GROUP BY p.id HAVING sum(r.amount) FILTER (WHERE r.status <> 'FAILED') > p.amount
            OR bool_or(r.order_id <> p.order_id)""",
    ),
    Rule(
        PAYMENTS,
        "refunds-are-within-package",
        "What goes back of a package is together not more than its total, and belongs to its order.",
        """
        SELECT p.id AS package_id FROM refunds r JOIN packages p ON p.id = r.package_id
        GROUP BY p.id HAVING sum(r.amount) FILTER (WHERE r.status <> 'FAILED') > p.total
            OR bool_or(r.order_id <> p.order_id)""",
    ),
    Rule(
        PAYMENTS,
        "refund-under-way-was-sent",
        "A refund that its gateway is sending was sent, of a card; one that has an account is paid out by a person.",
        """
        SELECT r.id AS refund_id FROM refunds r JOIN payments p ON p.id = r.payment_id
        WHERE r.status = 'PROCESSING' AND (r.sent_at IS NULL OR p.method <> 'CARD')
            OR r.destination IS NOT NULL AND r.status NOT IN ('MANUAL', 'MADE')""",
    ),
    Rule(
        PAYMENTS,
        "refunded-is-paid-back",
        "A payment is REFUNDED when all of it was paid back, PARTIALLY_REFUNDED when some was, and not otherwise.",
        """
        SELECT p.id AS payment_id FROM payments p
        LEFT JOIN (SELECT payment_id, sum(amount) AS made FROM refunds WHERE status = 'MADE' GROUP BY 1) r
            ON r.payment_id = p.id
        WHERE p.status <> 'VOIDED' AND (
            (p.status = 'REFUNDED') <> (coalesce(r.made, 0) = p.amount)
            OR (p.status = 'PARTIALLY_REFUNDED') <> (coalesce(r.made, 0) > 0 AND r.made < p.amount)
        )""",
    ),
    Rule(
        MONEY,
        "cancelled-package-is-owed-back",
        "Each package of a paid order that was cancelled, or never arrived, has its refund, or is shown as a case.",
        f"""
        SELECT d.package_id, d.order_id, {_WILL_BE_OPENED}
        FROM (
            SELECT p.id AS package_id, p.order_id, p.total AS amount,
                'package:' || p.id || CASE p.status WHEN 'CANCELLED' THEN ':cancelled' ELSE ':came-back' END AS cause
            FROM packages p JOIN confirmed c ON c.id = p.order_id
            WHERE p.status = 'CANCELLED' OR p.status = 'RETURNED' AND p.delivered_at IS NULL
        ) d WHERE {_NOT_OPENED}""",  # noqa: S608 - parts of ours
        given=["confirmed", "waiting_jobs"],
        waits=True,
    ),
    Rule(
        MONEY,
        "received-return-is-owed-back",
        "Each return that was received has its refund, or is shown as a case.",
        f"""
        SELECT d.return_id, d.order_id, {_WILL_BE_OPENED}
        FROM (
            SELECT id AS return_id, order_id, package_id, refund_amount AS amount, 'return:' || id AS cause
            FROM returns WHERE status IN ('RECEIVED', 'REFUNDED') AND refund_amount > 0
        ) d WHERE {_NOT_OPENED}""",  # noqa: S608 - parts of ours
        given=["waiting_jobs"],
        waits=True,
    ),
    Rule(
        COMMISSIONS,
        "reversals-add-up",
        "What was reversed of a commission is the sum of its reversals, its rate of their base, and at most all.",
        """
        SELECT c.id AS commission_id FROM commissions c
        LEFT JOIN (
            SELECT commission_id, sum(base) AS base, sum(amount) AS amount FROM commission_reversals GROUP BY 1
        ) r ON r.commission_id = c.id
        WHERE (c.reversed_base, c.reversed_amount) <> (coalesce(r.base, 0), coalesce(r.amount, 0))
            OR c.reversed_amount <> round(c.rate * c.reversed_base) OR c.reversed_amount > c.amount""",
    ),
    Rule(
        COMMISSIONS,
        "reversed-is-all-of-it",
        "A commission is REVERSED when all of it was reversed, and not otherwise.",
        "SELECT id AS commission_id FROM commissions WHERE (status = 'REVERSED') <> (reversed_base = base)",
    ),
    Rule(
        RETURNS,
        "returned-units-are-asked-for",
        "The units of an item that are returned are those of its returns that were not refused, and those that were "
        "paid back without coming back.",
        f"""
        SELECT i.id AS item_id FROM order_items i LEFT JOIN (
            SELECT t.order_item_id, sum(t.quantity) AS units
            FROM return_items t JOIN returns r ON r.id = t.return_id WHERE r.status <> 'REFUSED' GROUP BY 1
        ) t ON t.order_item_id = i.id LEFT JOIN ({PAID_BACK}) b ON b.order_item_id = i.id
        WHERE i.returned_units <> coalesce(t.units, 0) + coalesce(b.units, 0)""",  # noqa: S608 - a part of ours
    ),
    Rule(
        RETURNS,
        "refunded-units-were-received",
        "The units of an item that are paid back are those of its returns that were received, and those that did not "
        "come back.",
        f"""
        SELECT i.id AS item_id FROM order_items i LEFT JOIN (
            SELECT t.order_item_id, sum(t.quantity) AS units
            FROM return_items t JOIN returns r ON r.id = t.return_id
            WHERE r.status IN ('RECEIVED', 'REFUNDED') GROUP BY 1
        ) t ON t.order_item_id = i.id LEFT JOIN ({PAID_BACK}) b ON b.order_item_id = i.id
        WHERE i.refunded_units <> coalesce(t.units, 0) + coalesce(b.units, 0)""",  # noqa: S608 - a part of ours
    ),
    Rule(
        RETURNS,
        "return-is-of-its-package",
        "A return has items, all of the package, the order, the buyer and the shop that it names.",
        """
        SELECT r.id AS return_id FROM returns r JOIN orders o ON o.id = r.order_id
        LEFT JOIN return_items t ON t.return_id = r.id LEFT JOIN order_items i ON i.id = t.order_item_id
        WHERE (i.package_id, i.order_id, i.vendor_id, o.buyer_id)
            IS DISTINCT FROM (r.package_id, r.order_id, r.vendor_id, r.buyer_id)""",
    ),
    Rule(
        RETURNS,
        "return-history-is-a-chain",
        "A return's history begins with REQUESTED, goes along its table of states, and ends in the status it is in.",
        """
        SELECT r.id AS return_id FROM returns r LEFT JOIN (
            SELECT *, lag(to_status) OVER w AS before, lead(id) OVER w AS next
            FROM return_history WINDOW w AS (PARTITION BY return_id ORDER BY id)
        ) h ON h.return_id = r.id
        WHERE h.id IS NULL OR h.from_status IS DISTINCT FROM h.before
            OR (h.next IS NULL AND h.to_status <> r.status)
            OR CASE WHEN h.from_status IS NULL THEN h.to_status <> 'REQUESTED' ELSE NOT EXISTS (
                SELECT FROM return_edges e WHERE (e.from_status, e.to_status) = (h.from_status, h.to_status)
            ) END""",
    ),
)
