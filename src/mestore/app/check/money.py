"""Payments and commissions: money that moved is in its one right place."""

from mestore.app.check.rule import Rule

PAYMENTS = "2 Payments"
COMMISSIONS = "4 Commissions"
MONEY = "5 Money"

RULES: tuple[Rule, ...] = (
    Rule(
        PAYMENTS,
        "one-approved-payment",
        "An order has at most one approved payment that settles it.",
        """
        SELECT order_id FROM payments WHERE status IN ('APPROVED', 'PARTIALLY_REFUNDED') AND settles_order
        GROUP BY order_id HAVING count(*) > 1""",
    ),
    Rule(
        PAYMENTS,
        "payment-is-the-total",
        "The payment that settles an order is of the order's total, in COP.",
        """
        SELECT p.id AS payment_id, p.order_id FROM charged p JOIN orders o ON o.id = p.order_id
        WHERE p.settles_order AND p.as_agreed AND (p.amount, p.currency) <> (o.total_amount, 'COP')""",
        given=["charged"],
    ),
    Rule(
        PAYMENTS,
        "approved-by-the-gateway",
        "An approved payment rests on an event in which its gateway approved just its amount and currency.",
        """
        SELECT id AS payment_id FROM payments
        WHERE status IN ('APPROVED', 'PARTIALLY_REFUNDED', 'REFUNDED')
            AND id NOT IN (SELECT id FROM charged WHERE as_agreed)""",
        given=["charged"],
    ),
    Rule(
        PAYMENTS,
        "confirmed-was-paid",
        "An order that is CONFIRMED or later was settled by an approved payment.",
        """
        SELECT id AS order_id FROM confirmed
        WHERE id NOT IN (SELECT order_id FROM charged WHERE settles_order AND as_agreed)""",
        given=["confirmed", "charged"],
    ),
    Rule(
        PAYMENTS,
        "one-open-attempt",
        "An order has at most one attempt without a final answer.",
        """
        SELECT order_id FROM payments WHERE status IN ('PENDING', 'PROCESSING')
        GROUP BY order_id HAVING count(*) > 1""",
    ),
    Rule(
        COMMISSIONS,
        "one-commission-per-package",
        "A live package of a confirmed order, unless all of it was paid back, has exactly one commission not reversed.",
        """
        SELECT p.id AS package_id, p.order_id, count(c.id) = 0 AND EXISTS (
            SELECT FROM waiting_jobs j WHERE j.entrypoint = 'commissions.charge_confirmed_order'
                AND j.payload ->> 'order_id' = p.order_id::text
        ) AS waits
        FROM packages p JOIN orders o ON o.id = p.order_id
        LEFT JOIN commissions c ON c.package_id = p.id AND c.status <> 'REVERSED'
        WHERE o.status IN ('CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED')
            AND p.status NOT IN ('CANCELLED', 'RETURNED') AND p.total > (
                SELECT coalesce(sum(r.amount), 0) FROM refunds r WHERE r.package_id = p.id AND r.status <> 'FAILED'
            )
        GROUP BY p.id HAVING count(c.id) <> 1""",
        given=["waiting_jobs"],
        waits=True,
    ),
    Rule(
        COMMISSIONS,
        "commission-is-its-rate",
        "A commission is its rate of its package's total, rounded half up to the peso, for that package's vendor.",
        """
        SELECT c.id AS commission_id FROM commissions c LEFT JOIN packages p ON p.id = c.package_id
        WHERE c.amount <> round(c.rate * c.base)
            OR (c.base, c.order_id, c.vendor_id) IS DISTINCT FROM (p.total, p.order_id, p.vendor_id)""",
    ),
    Rule(
        COMMISSIONS,
        "no-commission-without-sale",
        "There is no commission for an order that was not confirmed, or for a cancelled part, unless it was reversed.",
        """
        SELECT c.id AS commission_id, c.order_id, EXISTS (
            SELECT FROM waiting_jobs j WHERE j.entrypoint = 'commissions.reverse_refunded'
                AND j.payload ->> 'package_id' = c.package_id::text
        ) AS waits
        FROM commissions c JOIN orders o ON o.id = c.order_id JOIN packages p ON p.id = c.package_id
        WHERE c.status <> 'REVERSED' AND (o.status = 'PENDING' OR p.status = 'CANCELLED' OR o.status = 'CANCELLED')""",
        given=["waiting_jobs"],
        waits=True,
    ),
    Rule(
        MONEY,
        "money-is-placed",
        "Every payment that a gateway approved confirmed its order, went back, or is shown as a case.",
        """
        SELECT p.id AS payment_id, p.order_id FROM charged p LEFT JOIN confirmed c ON c.id = p.order_id
        WHERE NOT (c.id IS NOT NULL AND p.settles_order) AND p.status NOT IN ('REFUNDED', 'VOIDED') AND NOT EXISTS (
            SELECT FROM payment_cases k WHERE k.payment_id = p.id AND (
                k.kind IN ('LATE', 'SECOND_PAYMENT', 'MISMATCH') OR k.kind = 'FRAUD_REVIEW' AND k.closed_at IS NULL
            )
        ) AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id AND r.cause = 'rejected:' || p.id)""",
        given=["confirmed", "charged"],
    ),
    Rule(
        MONEY,
        "money-is-placed-once",
        "No payment that settled a confirmed order is also shown as money without one; more money on its code may be.",
        """
        SELECT p.id AS payment_id, k.id AS case_id FROM charged p JOIN confirmed c ON c.id = p.order_id
        JOIN payment_cases k ON k.payment_id = p.id
        WHERE p.settles_order AND p.as_agreed AND k.kind IN ('LATE', 'SECOND_PAYMENT', 'MISMATCH', 'FRAUD_REVIEW')
            AND k.closed_at IS NULL
            AND NOT (k.kind = 'SECOND_PAYMENT' AND k.gateway_transaction_id <> p.gateway_transaction_id)
            AND NOT EXISTS (SELECT FROM collections x WHERE x.key = k.gateway_transaction_id)""",
        given=["confirmed", "charged"],
    ),
    Rule(
        MONEY,
        "unsettled-money-is-owed-back",
        "An approved payment that settles no order is owed back, all of it; one that settles its order is not.",
        """
        SELECT p.id AS payment_id, p.order_id FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id
            AND r.cause IN ('late:' || p.id, 'second:' || p.id, 'rejected:' || p.id)
        WHERE CASE WHEN p.settles_order THEN r.id IS NOT NULL
            ELSE p.status = 'APPROVED' AND r.amount IS DISTINCT FROM p.amount END""",
    ),
    Rule(
        MONEY,
        "unknown-money-is-shown",
        "An announced payment that belongs to no attempt of ours is shown as a case.",
        """
        SELECT e.id AS event_id FROM gateway_events e WHERE e.outcome = 'UNMATCHED' AND NOT EXISTS (
            SELECT FROM payment_cases k
            WHERE (k.kind, k.gateway, k.gateway_transaction_id) = ('UNMATCHED', e.gateway, e.transaction_id)
        )""",
    ),
)
