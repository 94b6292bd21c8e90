"""Collections: what counters took is where it belongs, and what gateways' books differ in is somebody's to close."""

from mestore.app.check.money import MONEY, PAYMENTS
from mestore.app.check.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        MONEY,
        "collection-is-placed",
        "Every collection of a counter rests on its payment's approval for that amount, or is shown as a case.",
        """
        SELECT c.id AS collection_id, c.payment_id FROM collections c WHERE CASE
            WHEN c.outcome IN ('CONFIRMED', 'KNOWN') THEN NOT EXISTS (
                SELECT FROM payment_events e
                WHERE (e.payment_id, e.status, e.amount) = (c.payment_id, 'APPROVED', c.amount)
            )
            WHEN c.outcome = 'UNKNOWN' THEN NOT EXISTS (
                SELECT FROM payment_cases k
                WHERE (k.kind, k.gateway, k.gateway_transaction_id) = ('UNMATCHED', c.gateway, c.key)
            )
            WHEN c.outcome = 'RETURNED' THEN false
            ELSE NOT EXISTS (
                SELECT FROM payment_cases k WHERE k.payment_id = c.payment_id AND k.kind = CASE
                    WHEN c.outcome IN ('UNDERPAID', 'OVERPAID') THEN 'MISMATCH' ELSE c.outcome END
            ) END""",
    ),
    Rule(
        PAYMENTS,
        "collected-once",
        "One collection of a file stands for a payment; every other of that payment is a second one, or was returned.",
        """
        SELECT payment_id FROM collections WHERE source = 'FILE' AND payment_id IS NOT NULL
        GROUP BY payment_id HAVING count(*) FILTER (WHERE first) > 1
            OR bool_or(NOT first AND outcome NOT IN ('SECOND_PAYMENT', 'RETURNED'))""",
    ),
)
