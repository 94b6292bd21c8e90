"""No table that names a person is forgotten when somebody asks what is kept, or to be erased."""

from mestore.app.models import metadata
from mestore.core.database import Base
from mestore.privacy.records import RECORDS

NOT_BY_KEY = {"messages", "idempotency_keys"}
"""They name a person without a foreign key."""


def test_every_table_that_names_a_person_is_a_record() -> None:
    named = {
        table.name for table in metadata.sorted_tables for key in table.foreign_keys if key.column.table.name == "users"
    }
    kept = {record.table.__tablename__ for record in RECORDS}
    assert (named | NOT_BY_KEY) - kept == set()


def test_no_secret_is_exported() -> None:
    secret = ("hash", "secret", "salt", "fingerprint", "body")
    found = [
        (record.name, column.name)
        for record in RECORDS
        if record.shown
        for column in record.table.__table__.columns
        if any(word in column.name for word in secret) and column.name not in record.hidden
    ]
    assert found == []


def test_what_is_hidden_and_erased_are_columns() -> None:
    for record in RECORDS:
        assert issubclass(record.table, Base)
        assert {*record.hidden, *record.erase} <= {column.name for column in record.table.__table__.columns}
        assert not (record.delete and record.erase), "deleted rows need no erasing"
