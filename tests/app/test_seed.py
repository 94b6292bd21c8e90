"""The demo catalogue in a real database: complete, once, and all of it or nothing."""

import asyncio
import os
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import asyncpg
import pytest

from mestore.app import demo_accounts, demo_catalogue, seed
from mestore.core.settings import DatabaseSettings, Environment, Settings
from mestore.users.passwords import verify_password

TABLES = ("users", "vendors", "categories", "products")
LINES = [
    f"{len(demo_catalogue.vendors()) + 2} accounts",
    f"{len(demo_catalogue.vendors())} vendors",
    f"{len(demo_catalogue.categories())} categories",
    f"{len(demo_catalogue.products())} products",
]
_numbers = count(1)


class Database:
    def __init__(self, url: str) -> None:
        self.settings = Settings(environment=Environment.TEST, database=DatabaseSettings(url=url))

    def seed(self, *, if_empty: bool = False) -> None:
        seed.run(self.settings, if_empty=if_empty)

    def rows(self, query: str) -> list[Any]:
        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.settings.database.url)
            try:
                return list(await connection.fetch(query))
            finally:
                await connection.close()

        return asyncio.run(ask())

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def contents(self) -> list[Any]:
        return [self.value(f"SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t") for table in TABLES]

    def counts(self) -> list[int]:
        return [self.value(f"SELECT count(*) FROM {table}") for table in TABLES]


@pytest.fixture
def database(new_database: Callable[[str], str]) -> Database:
    return Database(new_database(f"seed_{os.getpid()}_{next(_numbers)}"))


def test_it_fills_an_empty_database_quickly_and_says_what(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    database.seed(if_empty=True)
    assert time.monotonic() - begin < 10
    assert capsys.readouterr().out.splitlines() == LINES
    assert database.counts() == [int(line.split()[0]) for line in LINES]


def test_everything_in_it_can_be_used_at_once(database: Database) -> None:
    database.seed()
    kinds = dict(database.rows("SELECT user_type, count(*) FROM users GROUP BY user_type"))
    assert kinds == {"BUYER": 1, "SUPERUSER": 1, "VENDOR": len(demo_catalogue.vendors())}
    assert database.value("SELECT bool_and(email_verified AND is_active) FROM users")
    assert database.value("SELECT count(*) FROM users WHERE email_key = 'ana@compradores.example'") == 1
    shops = "vendors JOIN users ON users.id = user_id WHERE status = 'APPROVED' AND user_type = 'VENDOR'"
    assert database.value(f"SELECT count(*) FROM {shops}") == len(demo_catalogue.vendors())
    catalogue = demo_catalogue.products()
    for_sale = "SELECT count(*) FROM products WHERE status = 'APPROVED' AND reserved = 0"
    assert database.value(f"{for_sale} AND cardinality(tags) > 0") == len(catalogue)
    assert database.value(f"{for_sale} AND attributes <> '{{}}'") == sum(bool(each.attributes) for each in catalogue)
    siblings = "SELECT parent_id, array_agg(position ORDER BY position) AS places FROM categories GROUP BY parent_id"
    for parent, places in database.rows(siblings):
        assert places == list(range(len(places))), parent


def test_one_known_password_opens_every_account(database: Database) -> None:
    database.seed()
    (row,) = database.rows("SELECT DISTINCT password_hash FROM users")
    assert asyncio.run(verify_password(demo_accounts.PASSWORD, row[0], database.settings.auth))


def test_newest_first_is_varied_and_lies_in_the_past(database: Database) -> None:
    database.seed()
    newest = database.rows("SELECT vendedor_id, category_id FROM products ORDER BY created_at DESC LIMIT 20")
    assert len({row["vendedor_id"] for row in newest}) >= 8
    assert len({row["category_id"] for row in newest}) >= 12
    assert database.value("SELECT count(DISTINCT created_at) FROM products") > 700
    assert database.value("SELECT max(p.created_at) < now() AND min(p.created_at) > max(v.created_at) "
                          "FROM products p JOIN vendors v ON v.id = vendedor_id")  # fmt: skip


def test_a_second_run_changes_nothing_not_even_what_was_changed_meanwhile(database: Database) -> None:
    database.seed()
    database.rows("UPDATE products SET stock = 7, precio_venta = 1234 WHERE sku = (SELECT min(sku) FROM products)")
    before = database.contents()
    database.seed()
    assert database.contents() == before


def test_two_databases_are_alike(database: Database, new_database: Callable[[str], str]) -> None:
    other = Database(new_database(f"seed_{os.getpid()}_{next(_numbers)}"))
    for each in (database, other):
        each.seed()
        each.rows("UPDATE users SET password_hash = '', language = 'es'")  # salted, so the hash differs
        each.rows("UPDATE users SET updated_at = created_at")
    assert database.contents() == other.contents()


def test_if_empty_leaves_products_alone_and_says_so_in_a_line(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    database.seed()
    database.rows("DELETE FROM users WHERE user_type = 'BUYER'")
    capsys.readouterr()
    left = database.counts()
    database.seed(if_empty=True)
    assert database.counts() == left
    assert capsys.readouterr().out == "there are products already: the demo catalogue is not added\n"


def test_a_row_in_the_way_undoes_all_of_it(database: Database) -> None:
    database.rows(
        "INSERT INTO categories (id, slug, name, position) VALUES (gen_random_uuid(), 'mascotas', 'Mascotas', 0)"
    )
    with pytest.raises(SystemExit, match=r"^mestore: nothing was added, .*\(mascotas\) already exists"):
        database.seed()
    assert database.counts() == [0, 0, 1, 0]


def test_production_refuses_it(database: Database) -> None:
    production = database.settings.model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(SystemExit, match="does not go into production"):
        seed.run(production, if_empty=False)
    assert database.counts() == [0, 0, 0, 0]
