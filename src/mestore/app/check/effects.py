"""Effects: each request, event and letter had its own once, and nothing is left lying."""

from mestore.app.check.rule import Rule

ONCE = "6 Once"
UNKNOWN = "7 Unknown outcomes"
LETTERS = "8 Letters"

RULES: tuple[Rule, ...] = (
    Rule(
        ONCE,
        "event-is-kept-once",
        "A gateway's event is kept once.",
        "SELECT min(id) AS event_id FROM gateway_events GROUP BY gateway, dedupe_key HAVING count(*) > 1",
    ),
    Rule(
        ONCE,
        "event-is-handled",
        "An event that was kept has been handled and has an outcome.",
        """
        SELECT e.id AS event_id, e.handled_at IS NULL AND e.outcome IS NULL AND EXISTS (
            SELECT FROM waiting_jobs j WHERE j.entrypoint = 'payments.handle_gateway_event'
                AND j.payload ->> 'event_id' = e.id::text
        ) AS waits
        FROM gateway_events e WHERE e.handled_at IS NULL OR e.outcome IS NULL""",
        given=["waiting_jobs"],
        waits=True,
    ),
    Rule(
        ONCE,
        "event-is-applied-once",
        "A gateway's announcements about a payment were applied as often as they came, each once.",
        """
        SELECT a.event_id, b.payment_event_id FROM (
            SELECT gateway, transaction_id, count(*) AS times, min(id) AS event_id
            FROM gateway_events WHERE outcome = 'APPLIED' GROUP BY 1, 2
        ) a FULL JOIN (
            -- PayU announces by our reference.
            SELECT p.gateway, CASE p.gateway WHEN 'payu' THEN p.reference ELSE e.gateway_transaction_id END
                AS transaction_id, count(*) AS times, min(e.id) AS payment_event_id
            FROM payment_events e JOIN payments p ON p.id = e.payment_id WHERE e.source = 'webhook' GROUP BY 1, 2
        ) b USING (gateway, transaction_id) WHERE a.times IS DISTINCT FROM b.times""",
    ),
    Rule(
        ONCE,
        "answered-order-exists",
        "A kept answer to `POST /orders` names an order of the one who asked.",
        """
        SELECT k.owner_id, k.created_at FROM idempotency_keys k
        WHERE k.route LIKE '%/orders' AND k.status = 201 AND NOT EXISTS (
            SELECT FROM orders o WHERE o.buyer_id = k.owner_id
                AND o.id::text = convert_from(k.body, 'UTF8')::jsonb ->> 'id'
        )""",
    ),
    Rule(
        ONCE,
        "answered-payment-exists",
        "A kept answer to `POST /payments/process` names a payment of the one who asked.",
        """
        SELECT k.owner_id, k.created_at FROM idempotency_keys k
        WHERE k.route LIKE '%/payments/process' AND k.status IN (200, 202) AND NOT EXISTS (
            SELECT FROM payments p WHERE p.buyer_id = k.owner_id
                AND p.id::text = convert_from(k.body, 'UTF8')::jsonb ->> 'payment_id'
        )""",
    ),
    Rule(
        UNKNOWN,
        "unknown-is-asked-after",
        "An attempt without a final answer is asked about again, until there is one.",
        """
        SELECT id AS payment_id FROM payments
        WHERE status IN ('PENDING', 'PROCESSING') AND ask_after IS NULL""",
    ),
    Rule(
        LETTERS,
        "buyer-and-vendors-are-told",
        "The buyer and each vendor of a confirmed order have their letter.",
        """
        SELECT t.order_id, t.receiver_id, EXISTS (
            SELECT FROM waiting_jobs j WHERE j.entrypoint = 'notifications.tell_order_confirmed'
                AND j.payload ->> 'order_id' = t.order_id::text
        ) AS waits
        FROM (
            SELECT id AS order_id, buyer_id AS receiver_id, 'order_confirmed:' || id AS fact FROM confirmed
            UNION ALL
            SELECT c.id, v.user_id, 'order_confirmed:' || c.id || ':' || p.id
            FROM confirmed c JOIN packages p ON p.order_id = c.id JOIN vendors v ON v.id = p.vendor_id
        ) t
        WHERE NOT EXISTS (SELECT FROM messages m WHERE (m.fact, m.receiver_id) = (t.fact, t.receiver_id))""",
        given=["confirmed", "waiting_jobs"],
        waits=True,
    ),
    Rule(
        LETTERS,
        "letter-has-its-fact",
        "No letter tells of an order that was not confirmed, a code that was not made or an account that is not there.",
        """
        SELECT m.id AS message_id FROM messages m WHERE CASE split_part(m.fact, ':', 1)
            WHEN 'order_confirmed' THEN NOT EXISTS (
                SELECT FROM confirmed c LEFT JOIN packages p
                    ON p.order_id = c.id AND p.id::text = split_part(m.fact, ':', 3)
                LEFT JOIN vendors v ON v.id = p.vendor_id
                WHERE c.id::text = split_part(m.fact, ':', 2) AND m.receiver_id
                    = CASE WHEN split_part(m.fact, ':', 3) = '' THEN c.buyer_id ELSE v.user_id END
            )
            WHEN 'otp' THEN NOT EXISTS (
                SELECT FROM otp_codes o WHERE o.id::text = split_part(m.fact, ':', 2) AND o.user_id = m.receiver_id
            )
            WHEN 'welcome' THEN NOT EXISTS (
                SELECT FROM users u WHERE u.id = m.receiver_id AND u.id::text = split_part(m.fact, ':', 2)
                    AND u.email_verified
            )
            WHEN 'account_exists' THEN NOT EXISTS (
                SELECT FROM users u WHERE u.id = m.receiver_id AND u.id::text = split_part(m.fact, ':', 2)
            )
            ELSE false END""",
        given=["confirmed"],
    ),
    Rule(
        LETTERS,
        "letter-is-sent",
        "A letter was sent, or it is settled why not.",
        """
        SELECT m.id AS message_id, EXISTS (
            SELECT FROM waiting_jobs j
            WHERE j.entrypoint IN ('notifications.send_letters', 'notifications.send_code', 'notifications.send_sms')
                AND (j.payload ->> 'message_id' = m.id::text OR j.payload -> 'message_ids' @> to_jsonb(m.id))
        ) AS waits
        FROM messages m WHERE m.status IN ('QUEUED', 'SENDING')""",
        given=["waiting_jobs"],
        waits=True,
    ),
)
