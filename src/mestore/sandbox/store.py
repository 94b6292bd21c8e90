"""Everything the sandbox knows, in one SQLite file: a `kill -9` loses nothing that was answered."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mestore.sandbox import payu_tables

SCHEMA = """
CREATE TABLE IF NOT EXISTS controls (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), document TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS acceptance_tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, expires_at REAL, used INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS card_tokens (
    token TEXT PRIMARY KEY, outcome TEXT NOT NULL, extra TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS transactions (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    document TEXT NOT NULL,
    due REAL,
    planned_status TEXT,
    planned_message TEXT,
    ticket TEXT UNIQUE,
    page_url TEXT
);
CREATE INDEX IF NOT EXISTS transactions_due ON transactions (due) WHERE due IS NOT NULL;

CREATE TABLE IF NOT EXISTS wompi_refunds (
    id INTEGER PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    document TEXT NOT NULL,
    due REAL NOT NULL,
    planned TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL,
    transaction_id TEXT,
    reference TEXT,
    status TEXT,
    body TEXT NOT NULL,
    headers TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY,
    event_id INTEGER NOT NULL REFERENCES events,
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    due REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    url TEXT,
    sent_at TEXT,
    status_code INTEGER,
    answer TEXT,
    error TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (due) WHERE state = 'waiting';

DROP TABLE IF EXISTS mails;  -- as it was kept before: taken apart
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    raw BLOB NOT NULL,
    received_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS letters_recipient ON letters (recipient COLLATE NOCASE);

CREATE TABLE IF NOT EXISTS sms (
    id INTEGER PRIMARY KEY,
    sid TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS payvalida_options (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), document TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS payvalida_orders (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    amount INTEGER NOT NULL,
    body TEXT NOT NULL,
    expires_at REAL NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS payvalida_collected (
    id INTEGER PRIMARY KEY,
    number INTEGER REFERENCES payvalida_orders,
    reference TEXT NOT NULL,
    amount INTEGER NOT NULL,
    operation TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    taken_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS payvalida_notifications (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, po_id TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS payvalida_deliveries (
    id INTEGER PRIMARY KEY,
    notification_id INTEGER NOT NULL REFERENCES payvalida_notifications,
    attempt INTEGER NOT NULL,
    due REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    sent_at TEXT,
    status_code INTEGER,
    answer TEXT,
    error TEXT
);
"""
TABLES = (
    "deliveries",
    "events",
    "wompi_refunds",
    "transactions",
    "acceptance_tokens",
    "card_tokens",
    "letters",
    "sms",
    "controls",
    "payvalida_deliveries",
    "payvalida_notifications",
    "payvalida_collected",
    "payvalida_orders",
    "payvalida_options",
)


class Store:
    """One connection, used by the one thread of the event loop only."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        # Without fsync a power cut may lose the last moments; the death of the process, which tests cause, does not.
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;")
        self._connection.executescript(SCHEMA + payu_tables.SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def execute(self, statement: str, *values: Any) -> int:
        """Answers the id of the row inserted last."""
        return self._connection.execute(statement, values).lastrowid or 0

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
        return row

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def number(self, query: str, *values: Any) -> Any:
        """The only value of the only row: a count or a minimum."""
        return self._connection.execute(query, values).fetchone()[0]

    def empty(self) -> None:
        with self.transaction():
            for table in (*TABLES, *payu_tables.TABLES):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name from the constants

    def close(self) -> None:
        self._connection.close()
