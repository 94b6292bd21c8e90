"""What is kept about somebody, and that it is gone afterwards, but for the accounts of money."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from mestore.app.subscriptions import PERIODIC
from mestore.catalog.models import Product
from mestore.core.database import transaction
from mestore.core.ids import UserId
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.users.models import Address, Consent, User, UserSession, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, register, sign_in
from tests.make import SHIPPING, Make
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
ME, EXPORT, LOGIN = "/api/v1/auth/me", "/api/v1/auth/me/data-export", "/api/v1/auth/login"
TRACES = ("ana.ruiz", "Ana Ruiz", "3001234567", "71-21", "portería", "110231", "127.0.0.1", "Sospechoso/7")


async def delete(api: Api, who: dict[str, str]) -> Any:
    return await api.request("DELETE", ME, headers=who)


async def with_a_past(api: Api, make: Make, rows: Rows, drain: Drain) -> tuple[dict[str, Any], dict[str, str], Order]:
    """Ana, who has an order that ended, an address, and letters."""
    user = await register(api)
    tokens = await sign_in(api)
    await api.post(LOGIN, {"email": ANA["email"], "password": PASSWORD}, headers={"User-Agent": "Sospechoso/7"})
    product = await make.product()
    await rows.execute("UPDATE users SET full_name = 'Rosa', phone = '+573105550001' WHERE user_type = 'VENDOR'")
    body = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}
    headers = bearer(tokens) | {"Idempotency-Key": "una-vez"}
    placed = await api.post("/api/v1/orders", body, headers=headers)
    assert placed.status_code == 201, placed.text
    address = {"name": "Ana Ruiz", "phone": "+573001234567", "street": "Cra 7 # 71-21", "municipality_code": "11001"}
    await make._add(Address(user_id=user["id"], is_default=True, **address))
    await api.post("/api/v1/auth/forgot-password", {"email": ANA["email"]})
    await drain()
    (order,) = await rows.all(Order)
    return user, bearer(tokens), order


async def ended(rows: Rows, order: Order, world: World) -> None:
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 hour' WHERE id = :id", id=order.id)
    (expire,) = [task for task in PERIODIC if task.name == "orders.expire_unpaid_orders"]
    await expire.handle(world)


async def test_everything_that_is_kept_is_handed_out(
    api: Api, make: Make, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    user, who, order = await with_a_past(api, make, rows, drain)
    stranger = await make.order()
    response = await api.get(EXPORT, headers=who)
    assert response.status_code == 200
    assert "attachment" in response.headers["content-disposition"]
    export = response.json()
    assert export["account"] == user
    records = export["records"]
    assert [each["order_number"] for each in records["orders"]] == [order.order_number]
    assert records["orders"][0]["total_amount"] == str(order.total_amount)
    assert [each["order_id"] for each in records["order_items"]] == [order.id]
    assert {each["user_agent"] for each in records["sessions"]} > {"Sospechoso/7"}
    assert [each["street"] for each in records["addresses"]] == ["Cra 7 # 71-21"]
    assert records["consents"][0]["ip"] == "127.0.0.1"
    assert {each["template"] for each in records["letters"]} >= {"verify_email", "reset_password", "new_sign_in"}
    assert "$argon2" not in response.text
    assert stranger.order_number not in response.text
    assert all(trace in json.dumps(export, ensure_ascii=False) for trace in TRACES)


async def test_the_erased_are_out_and_leave_no_trace_but_money(
    api: Api, make: Make, rows: Rows, drain: Drain, world: World, sandbox: RunningSandbox
) -> None:
    user, who, order = await with_a_past(api, make, rows, drain)
    await ended(rows, order, world)
    other = await make.buyer(full_name="Rosa Díaz", phone="+573105550001")
    response = await delete(api, who)
    assert (response.status_code, response.content) == (204, b"")
    assert (await api.get(ME, headers=who)).status_code == 401
    assert_problem(await api.post(LOGIN, {"email": ANA["email"], "password": PASSWORD}), 401)
    assert await world.redis.keys("session:*") == []
    (kept,) = await rows.all(Order)
    assert (str(kept.buyer_id), kept.total_amount, kept.shipping_info["city"]) == (
        user["id"],
        order.total_amount,
        "Bogotá",
    )
    (consent,) = await rows.all(Consent)
    assert (consent.ip, consent.text_version) == (None, world.settings.auth.terms_version)
    tables = [
        row.name for row in await rows.execute("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    ]
    for table in tables:
        for row in await rows.execute(f'SELECT t::text AS row FROM "{table}" t'):
            assert not [trace for trace in TRACES if trace in row.row], (table, row.row)
    assert (await api.get(ME, by=other)).status_code == 200
    again = await register(api)
    assert again["id"] != user["id"], "the e-mail is free for another account"
    await sign_in(api)


async def test_letters_on_their_way_to_the_erased_are_dropped(
    api: Api, rows: Rows, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    who = bearer(await sign_in(api))
    assert (await delete(api, who)).status_code == 204
    await drain()
    assert sandbox.mails(ANA["email"]) == []
    assert await rows.execute("SELECT * FROM pgqueuer") == []


async def test_not_while_an_order_is_open(api: Api, make: Make, rows: Rows, drain: Drain, world: World) -> None:
    _, who, order = await with_a_past(api, make, rows, drain)
    before = await census(rows), await rows.execute("SELECT * FROM users ORDER BY id")
    for _ in range(2):
        assert assert_problem(await delete(api, who), 409)["type"] == "/problems/account-in-use"
    assert (await census(rows), await rows.execute("SELECT * FROM users ORDER BY id")) == before
    assert (await api.get(ME, headers=who)).status_code == 200
    await ended(rows, order, world)
    assert (await delete(api, who)).status_code == 204


async def test_a_vendor_is_erased_when_nothing_is_to_be_sent(api: Api, make: Make, rows: Rows, world: World) -> None:
    vendor = await make.vendor()
    owner = await make.owner(vendor)
    product = await make.product(vendor=vendor)
    order = await make.order(units={product.id: 1})
    refused = await api.request("DELETE", ME, by=owner)
    assert assert_problem(refused, 409)["type"] == "/problems/account-in-use"
    await ended(rows, order, world)
    assert (await api.request("DELETE", ME, by=owner)).status_code == 204
    assert (await rows.get(Vendor, vendor.id)).deleted_at is not None
    assert (await api.get(f"/api/v1/products/{product.id}")).status_code == 404
    assert (await rows.get(User, owner.id)).full_name == "Cuenta eliminada"


@pytest.mark.parametrize("kind", [UserType.ADMIN, UserType.SUPERUSER])
async def test_administrators_are_not_erased_by_themselves(api: Api, make: Make, rows: Rows, kind: UserType) -> None:
    admin = await make.user(kind)
    assert_problem(await api.request("DELETE", ME, by=admin), 403)
    assert (await rows.get(User, admin.id)).deleted_at is None
    assert (await api.get(EXPORT, by=admin)).status_code == 200


async def test_nobody_is_asked_first(api: Api) -> None:
    assert_problem(await api.get(EXPORT), 401)
    assert_problem(await api.request("DELETE", ME), 401)


def an_order_of(product: Product) -> dict[str, Any]:
    return {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}


ADDRESS = {
    "name": "Ana Ruiz",
    "phone": "3001234567",
    "street": "Cra 7 # 71-21",
    "department_code": "11",
    "municipality_code": "11001",
}


class Held:
    """A row that somebody else works on: whoever needs it waits."""

    def __init__(self, world: World) -> None:
        self._world = world

    @asynccontextmanager
    async def row(self, table: str, key: Any) -> AsyncIterator[None]:
        async with transaction(self._world.sessions) as session:
            await session.execute(text(f"SELECT id FROM {table} WHERE id = :key FOR UPDATE"), {"key": key})
            yield

    async def waiting(self, count: int, *unless: asyncio.Task[Any]) -> None:
        """Until so many wait for a lock, or one of these has ended."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        deadline = time.monotonic() + 5
        while (await Rows(self._world).execute(query))[0][0] < count and not any(task.done() for task in unless):
            assert time.monotonic() < deadline


async def test_an_order_that_is_being_placed_is_waited_for_and_seen(
    api: Api, make: Make, rows: Rows, world: World
) -> None:
    buyer, product, held = await make.buyer(), await make.product(), Held(world)
    await api.token(buyer)
    async with held.row("products", product.id):
        placing = asyncio.create_task(api.post("/api/v1/orders", an_order_of(product), by=buyer))
        await held.waiting(1, placing)
        erasing = asyncio.create_task(api.request("DELETE", ME, by=buyer))
        await held.waiting(2, erasing)
    assert (await placing).status_code == 201
    assert assert_problem(await erasing, 409)["type"] == "/problems/account-in-use"
    assert (await rows.get(User, buyer.id)).deleted_at is None


@pytest.mark.parametrize(
    ("path", "body"), [("/api/v1/orders", None), (f"{ME}/addresses", ADDRESS)], ids=["order", "address"]
)
async def test_whoever_is_being_erased_leaves_nothing_behind(
    api: Api, make: Make, rows: Rows, world: World, path: str, body: Any
) -> None:
    """Signed in when the request came, and erased when it goes on."""
    product, held = await make.product(), Held(world)
    order = await make.order(units={product.id: 1})
    await ended(rows, order, world)
    buyer = await make.existing_user(order.buyer_id)
    await api.token(buyer)
    before = await census(rows)
    async with held.row("orders", order.id):
        erasing = asyncio.create_task(api.request("DELETE", ME, by=buyer))
        await held.waiting(1, erasing)
        writing = asyncio.create_task(api.post(path, body or an_order_of(product), by=buyer))
        await held.waiting(2, writing)
    assert (await erasing).status_code == 204
    assert_problem(await writing, 401)
    assert await rows.count(Order) == 1
    assert await rows.count(Address) == 0
    assert {name for name, count in (await census(rows)).items() if count > before[name]} == set()


async def test_a_shop_whose_goods_are_being_ordered_is_not_erased(
    api: Api, make: Make, rows: Rows, world: World
) -> None:
    vendor, buyer, held = await make.vendor(), await make.buyer(), Held(world)
    owner, product = await make.owner(vendor), await make.product(vendor=vendor)
    await asyncio.gather(api.token(buyer), api.token(owner))
    async with held.row("vendors", vendor.id):
        placing = asyncio.create_task(api.post("/api/v1/orders", an_order_of(product), by=buyer))
        await held.waiting(1, placing)
        erasing = asyncio.create_task(api.request("DELETE", ME, by=owner))
        await held.waiting(2, erasing)
    assert (await placing).status_code == 201
    assert assert_problem(await erasing, 409)["type"] == "/problems/account-in-use"
    assert (await rows.get(Vendor, vendor.id)).deleted_at is None


async def test_ordering_and_erasing_at_once_is_the_one_or_the_other(api: Api, make: Make, rows: Rows) -> None:
    product = await make.product(stock=20)
    for _ in range(10):
        buyer = await make.buyer()
        await api.token(buyer)
        placed, erased = await asyncio.gather(
            api.post("/api/v1/orders", an_order_of(product), by=buyer), api.request("DELETE", ME, by=buyer)
        )
        assert (placed.status_code, erased.status_code) in {(201, 409), (401, 204)}
        orders = [order for order in await rows.all(Order) if order.buyer_id == buyer.id]
        assert len(orders) == (1 if placed.status_code == 201 else 0)
        sessions = [session for session in await rows.all(UserSession) if session.user_id == UserId(buyer.id)]
        assert len(sessions) == (1 if erased.status_code == 409 else 0)
