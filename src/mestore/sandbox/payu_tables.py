"""Where the simulated PayU keeps its books."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS payu_options (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), document TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS payu_orders (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL,
    ticket TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS payu_orders_reference ON payu_orders (reference);

CREATE TABLE IF NOT EXISTS payu_checkouts (
    order_id INTEGER PRIMARY KEY REFERENCES payu_orders,
    expires_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS payu_transactions (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    order_id INTEGER NOT NULL REFERENCES payu_orders,
    document TEXT NOT NULL,
    due REAL,
    planned TEXT
);
CREATE INDEX IF NOT EXISTS payu_transactions_order ON payu_transactions (order_id);
CREATE INDEX IF NOT EXISTS payu_transactions_due ON payu_transactions (due) WHERE due IS NOT NULL;

CREATE TABLE IF NOT EXISTS payu_confirmations (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL,
    fields TEXT NOT NULL,
    url TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS payu_deliveries (
    id INTEGER PRIMARY KEY,
    confirmation_id INTEGER NOT NULL REFERENCES payu_confirmations,
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    due REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    body TEXT,
    sent_at TEXT,
    status_code INTEGER,
    answer TEXT,
    error TEXT
);
CREATE INDEX IF NOT EXISTS payu_deliveries_waiting ON payu_deliveries (due) WHERE state = 'waiting';
"""
TABLES = ("payu_deliveries", "payu_confirmations", "payu_transactions", "payu_checkouts", "payu_orders", "payu_options")
