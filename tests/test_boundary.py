"""Each row of "what the framework does by default, and what we want instead" (faults.md, section 4), on real routes."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from mestore.catalog.models import Product
from mestore.core.paging import encode
from mestore.users.models import User, UserSession
from tests.api import Api
from tests.bodies import LOGIN, ORDER, PRODUCT, REGISTER, with_member, with_quantity, with_shipping
from tests.make import Make
from tests.problems import assert_problem, census, said_by
from tests.rows import Rows

PRODUCTS, ORDERS = "/api/v1/products", "/api/v1/orders"
PAY = "/api/v1/payments/process"
SIGN_UP, SIGN_IN = "/api/v1/auth/register", "/api/v1/auth/login"
SECRET = "guacamaya-azul-71"
FAR = 2**63
DIGITS = "\u0663\u0662\u0660\u0660\u0661"
"""Five digits, to whoever reads Arabic."""


@dataclass(frozen=True)
class Post:
    row: str
    path: str
    body: str | bytes
    wanted: int = 422
    sent: str = ""
    """A part of what was sent that the answer must not show."""


@dataclass(frozen=True)
class Get:
    row: str
    path: str
    wanted: tuple[int, ...] = (422,)


def product(name: str, raw: str) -> str:
    return with_member(PRODUCT, name, raw)


def register(name: str, raw: str) -> str:
    return with_member(REGISTER | {"password": SECRET}, name, raw)


POSTS = [
    Post("NUL in text", PRODUCTS, product("name", r'"Caf\u0000e-7391"'), sent="e-7391"),
    Post("NUL in JSONB", PRODUCTS, product("attributes", r'{"origen": "Sie\u0000rra-7391"}'), sent="rra-7391"),
    Post("NUL in the name of a member of JSONB", PRODUCTS, product("attributes", r'{"ori\u0000gen": "Sierra"}')),
    Post("NUL in JSONB of an order", ORDERS, with_shipping("address", r'"Cra 7\u0000 # 71-21"'), sent="71-21"),
    Post("lone surrogate", PRODUCTS, product("name", r'"Caf\ud800e-7391"'), sent="e-7391"),
    Post("lone surrogate in an unknown name", PRODUCTS, product(r"\udfff", "1")),
    Post("body int > int32", PRODUCTS, product("stock", "3000000000"), sent="3000000000"),
    Post("body int > int64", PRODUCTS, product("stock", str(FAR)), sent=str(FAR)),
    Post("body int > int32, quantity", ORDERS, with_quantity("3000000000"), sent="3000000000"),
    Post("body int > int64, quantity", ORDERS, with_quantity(str(FAR)), sent=str(FAR)),
    Post("body int > int64, payment", PAY, f'{{"payment_method": "BANCOLOMBIA", "order_id": {FAR}}}'),
    Post("literal NaN for a Decimal", PRODUCTS, product("precio_venta", "NaN"), 400, "NaN"),
    Post("literal Infinity", PRODUCTS, product("weight_kg", "-Infinity"), 400, "Infinity"),
    Post('"NaN" as text', PRODUCTS, product("precio_venta", '"NaN"'), sent="NaN"),
    Post('"Infinity" as text', PRODUCTS, product("weight_kg", '"Infinity"'), sent="Infinity"),
    Post("price 1e30", PRODUCTS, product("precio_venta", "1e30"), sent="1e30"),
    Post('price "1e30"', PRODUCTS, product("precio_venta", '"1e30"'), sent="1e30"),
    Post("price 1E+1000000", PRODUCTS, product("precio_venta", "1E+1000000"), sent="1000000"),
    Post('price "1E+1000000"', PRODUCTS, product("precio_venta", '"1E+1000000"'), sent="1000000"),
    Post("weight 1E+1000000", PRODUCTS, product("weight_kg", '"1E+1000000"'), sent="1000000"),
    Post("an exponent that no number has", PRODUCTS, product("precio_venta", f"1e{10**30}"), 400, str(10**30)),
    Post("price -5", PRODUCTS, product("precio_venta", '"-5"'), sent='"-5"'),
    Post("price 0.005", PRODUCTS, product("precio_venta", '"0.005"'), sent="0.005"),
    Post("price as a number", PRODUCTS, product("precio_venta", "32000.01"), sent="32000.01"),
    Post("price with other digits", PRODUCTS, product("precio_venta", f'"{DIGITS}"'), sent=DIGITS),
    Post("stock true", PRODUCTS, product("stock", "true")),
    Post('stock "2"', PRODUCTS, product("stock", '"2"')),
    Post("stock 2.0", PRODUCTS, product("stock", "2.0"), sent="2.0"),
    Post('stock " 2 "', PRODUCTS, product("stock", '" 2 "')),
    Post('stock "1_000"', PRODUCTS, product("stock", '"1_000"'), sent="1_000"),
    Post("stock -1", PRODUCTS, product("stock", "-1")),
    Post("quantity true", ORDERS, with_quantity("true")),
    Post("quantity 0", ORDERS, with_quantity("0")),
    Post('quantity "2"', ORDERS, with_quantity('"2"')),
    Post("quantity 2.0", ORDERS, with_quantity("2.0")),
    Post("duplicate key stock", PRODUCTS, product("stock", '1, "stock": 999'), 400, "999"),
    Post("duplicate key quantity", ORDERS, with_quantity('1, "quantity": 999'), 400, "999"),
    Post("unknown field is_admin", SIGN_UP, register("is_admin", '"guacharaca"'), sent="guacharaca"),
    Post("unknown field user_type", SIGN_UP, register("user_type", '"ADMIN"'), sent='"ADMIN"'),
    Post("unknown field in a nested body", ORDERS, with_shipping("unit_price", '"1.00"'), sent="1.00"),
    Post("unknown field status of a product", PRODUCTS, product("reserved", "-7391"), sent="7391"),
    Post("an unknown name of 10,000 letters", PRODUCTS, product("x" * 10_000, "1"), sent="x" * 1_000),
    Post(
        "missing e-mail in registration",
        SIGN_UP,
        f'{{"password": "{SECRET}", "full_name": "A", "phone": "3001234567"}}',
        sent=SECRET,
    ),
    Post("password of a wrong type", SIGN_UP, register("password", f'["{SECRET}"]'), sent=SECRET),
    Post("password too short", SIGN_UP, register("password", '"g-71"'), sent="g-71"),
    Post(
        "password of a wrong type at login",
        SIGN_IN,
        with_member(LOGIN, "password", f'{{"a": "{SECRET}"}}'),
        sent=SECRET,
    ),
    Post("full_name with CRLF", SIGN_UP, register("full_name", r'"Ana\r\nBcc: x@example.co"'), sent="Bcc"),
    Post("full_name with the line break U+0085", SIGN_UP, register("full_name", r'"Ana\u0085Bcc: x"'), sent="Bcc"),
    Post("e-mail header with CRLF", SIGN_UP, register("email", r'"ana@example.co\r\nBcc: x@example.co"'), sent="Bcc"),
    Post("e-mail header with CRLF before the @", SIGN_UP, register("email", r'"a\r\nBcc:x@example.co"'), sent="Bcc"),
    Post("password of 1 MB", SIGN_UP, register("password", f'"{"p" * 1_000_000}"'), sent="pppp"),
    Post("password of 1 MB at login", SIGN_IN, with_member(LOGIN, "password", f'"{"p" * 1_000_000}"'), sent="pppp"),
    Post("50 MB", PRODUCTS, b" " * 50_000_000, 413),
    Post("a UUID that is none", PRODUCTS, product("category_id", '"zz35b1e-7c4a"'), sent="zz35"),
    Post("a UUID as a number", PRODUCTS, product("category_id", "7391"), sent="7391"),
    Post("a kind of payment that there is none", PAY, '{"payment_method": "TRUEQUE-7", "order_id": 1}', sent="TRUEQUE"),
    Post(
        "a card's number",
        PAY,
        '{"payment_method": "CARD", "order_id": 1, "payment_data": {"token": "4242424242424242"}}',
        sent="4242",
    ),
    Post("5000-digit int", PRODUCTS, product("stock", "9" * 5_000), 400, "99999"),
    Post("4000-digit int", PRODUCTS, product("stock", "9" * 4_000), 422, "99999"),
    Post("100k-deep JSON", PRODUCTS, "[" * 100_000 + "]" * 100_000, 400),
    Post("100k-deep JSON that does not end", PRODUCTS, '{"a":' * 100_000, 400),
    Post("900-deep JSON", PRODUCTS, product("attributes", '{"a":' * 900 + "1" + "}" * 900), 400),
    Post("bad UTF-8", PRODUCTS, b'{"name": "Caf\xe9-7391"}', 400, "7391"),
    Post("UTF-16", PRODUCTS, '{"name": "Café"}'.encode("utf-16"), 400),
    Post("not JSON", PRODUCTS, "sku=CAFE-500", 400, "CAFE-500"),
    Post("half of JSON", PRODUCTS, '{"sku": "CAFE-500"', 400, "CAFE-500"),
    Post("no body", PRODUCTS, ""),
    Post("null", PRODUCTS, "null"),
    Post("a list", PRODUCTS, "[]"),
    Post("a text", SIGN_IN, f'"{SECRET}"', sent=SECRET),
    Post("a name of an attribute with a line break", PRODUCTS, product("attributes", r'{"a\nb": "c"}')),
    Post("too many tags", PRODUCTS, product("tags", json.dumps(["t"] * 21))),
    Post("too many lines", ORDERS, with_member(ORDER, "items", json.dumps(ORDER["items"] * 101))),
    Post("no lines", ORDERS, with_member(ORDER, "items", "[]")),
    Post("a code with other digits", ORDERS, with_shipping("municipality_code", f'"{DIGITS}"'), sent=DIGITS),
]

GETS = [
    Get("NUL in the query string", f"{PRODUCTS}?category=caf%00e"),
    Get("bad UTF-8 in the query string", f"{PRODUCTS}?category=caf%e9"),
    Get("lone surrogate in the query string", f"{PRODUCTS}?category=%ed%a0%80"),
    Get("NUL in the path", "/api/v1/vendors/caf%00e", (404,)),
    Get("bad UTF-8 in the path", "/api/v1/vendors/caf%e9", (404,)),
    Get("path int > int32", f"{ORDERS}/{2**31}", (404,)),
    Get("path int > int64", f"{ORDERS}/{FAR}", (404, 422)),
    Get("path int of 5000 digits", f"{ORDERS}/{'9' * 5_000}", (404, 422)),
    Get("path int 1_000", f"{ORDERS}/1_000", (404, 422)),
    Get("path int +1", f"{ORDERS}/+1", (404, 422)),
    Get("path int with a space", f"{ORDERS}/%201", (404, 422)),
    Get("path int 1.0", f"{ORDERS}/1.0", (404, 422)),
    Get("path int with other digits", f"{ORDERS}/%D9%A1", (404, 422)),
    Get("path int 0", f"{ORDERS}/0", (404, 422)),
    Get("limit -1", f"{PRODUCTS}?limit=-1"),
    Get("limit 0", f"{PRODUCTS}?limit=0"),
    Get("limit 101", f"{PRODUCTS}?limit=101"),
    Get("limit 10^12", f"{PRODUCTS}?limit={10**12}"),
    Get("limit 10^20", f"{PRODUCTS}?limit={10**20}"),
    Get("limit of an order list -1", f"{ORDERS}?limit=-1"),
    Get("limit 2.0", f"{PRODUCTS}?limit=2.0"),
    Get("limit 1_0", f"{PRODUCTS}?limit=1_0"),
    Get("limit of nothing", f"{PRODUCTS}?limit="),
    Get("limit NaN", f"{PRODUCTS}?limit=NaN"),
    Get("a cursor that is none", f"{PRODUCTS}?cursor=abc"),
    Get("a cursor of a number beyond int64", f"{ORDERS}?cursor={encode(FAR)}"),
    Get("a cursor of a moment without an offset", f"{PRODUCTS}?cursor={encode('2026-01-01', UUID(int=7))}"),
    Get("a cursor with a number for a UUID", f"{PRODUCTS}?cursor={encode('2026-01-01T00:00:00Z', 5)}"),
    Get("a UUID that is none", f"{PRODUCTS}/zz35b1e", (404, 422)),
    Get("a slug that makes slow patterns slow", f"/api/v1/vendors/{'a' * 28}!", (404, 422)),
    Get("a slug without an end", f"/api/v1/vendors/{'a' * 5_000}", (404, 422)),
]


@pytest.mark.parametrize("bad", POSTS, ids=lambda bad: bad.row)
async def test_bad_body(bad: Post, api: Api, make: Make, rows: Rows) -> None:
    product = await make.product()
    seller = await make.owner(await make.vendor())
    await api.token(seller)
    body = bad.body if isinstance(bad.body, bytes) else bad.body.encode()
    for name, known in (("category", product.category_id), ("product", product.id)):
        body = body.replace(f"<{name}>".encode(), str(known).encode())
    before = await census(rows)
    response = await api.post(bad.path, by=seller, content=body, headers={"Content-Type": "application/json"})
    problem = assert_problem(response, bad.wanted)
    assert not bad.sent or bad.sent not in said_by(response)
    assert bool(problem.get("errors")) is (bad.wanted == 422)
    assert await census(rows) == before


@pytest.mark.parametrize("bad", GETS, ids=lambda bad: bad.row)
async def test_bad_address(bad: Get, api: Api, make: Make) -> None:
    await make.product()
    started = time.perf_counter()
    response = await api.get(bad.path, by=await make.buyer())
    assert_problem(response, *bad.wanted)
    assert time.perf_counter() - started < 2


async def test_the_bodies_that_the_bad_ones_are_made_of_are_good(api: Api, make: Make) -> None:
    wares = await make.product()
    seller = await make.owner(await make.vendor())
    assert (await api.post(PRODUCTS, PRODUCT | {"category_id": str(wares.category_id)}, by=seller)).status_code == 201
    order = ORDER | {"items": [{"product_id": str(wares.id), "quantity": 2}]}
    assert (await api.post(ORDERS, order, by=seller)).status_code == 201
    assert (await api.post(SIGN_UP, REGISTER)).status_code == 201
    assert (await api.post(SIGN_IN, LOGIN)).status_code == 200


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "{uuid}": lambda plain: f"{{{plain}}}",
    "urn:uuid:": lambda plain: f"urn:uuid:{plain}",
    "no hyphens": lambda plain: plain.replace("-", ""),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_every_spelling_of_a_uuid_is_the_same_id(spelling: str, api: Api, make: Make, rows: Rows) -> None:
    wares = await make.product()
    plain = str(wares.id)
    spelled = SPELLINGS[spelling](plain)
    shown = await api.get(f"{PRODUCTS}/{spelled}")
    assert shown.status_code == 200
    assert shown.json()["id"] == plain
    order = ORDER | {"items": [{"product_id": spelled, "quantity": 1}, {"product_id": plain, "quantity": 1}]}
    placed = await api.post(ORDERS, order, by=await make.buyer())
    assert [(item["product_id"], item["quantity"]) for item in placed.json()["items"]] == [(plain, 2)]
    assert (await rows.get(Product, wares.id)).reserved == 2


@pytest.mark.parametrize("path", ["/api/v1/products/", "//api/v1/products", "/api/v1/products//", "//evil.example/"])
async def test_host_evil_example_on_a_path_with_an_extra_slash(path: str, api: Api) -> None:
    response = await api.get(f"http://testserver{path}", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert response.json()["type"] == "/problems/unknown-host"
    assert "evil.example" not in response.headers.get("location", "")


@pytest.mark.parametrize("host", ["", "[::1", "testserver@evil.example", "testserver:80:80", "evil.testserver", "a b"])
async def test_a_host_that_is_not_ours(host: str, api: Api) -> None:
    assert_problem(await api.get(PRODUCTS, headers={"Host": host}), 400)


@pytest.mark.parametrize("host", ["testserver", "TESTSERVER:8000", "localhost", "[::1]:8000", "127.0.0.1"])
async def test_a_host_that_is_ours(host: str, api: Api) -> None:
    assert (await api.get(PRODUCTS, headers={"Host": host})).status_code == 200


async def test_a_forged_x_forwarded_for_is_not_believed(api: Api, rows: Rows) -> None:
    await api.post(SIGN_UP, REGISTER)
    assert (await api.post(SIGN_IN, LOGIN, headers={"X-Forwarded-For": "203.0.113.7"})).status_code == 200
    assert [str(session.ip) for session in await rows.all(UserSession)] == ["127.0.0.1"]


@pytest.mark.parametrize("password", ["ñ" * 73, "🦜" * 128], ids=["73 letters", "512 bytes"])
async def test_a_long_password_is_no_error(password: str, api: Api, rows: Rows) -> None:
    assert (await api.post(SIGN_UP, REGISTER | {"password": password})).status_code == 201
    assert (await rows.all(User))[0].password_hash.startswith("$argon2id$")
    assert (await api.post(SIGN_IN, LOGIN | {"password": password})).status_code == 200
    assert (await api.post(SIGN_IN, LOGIN | {"password": password[:-1]})).status_code == 401


async def test_media_types_that_are_json(api: Api) -> None:
    for media_type in ("application/json; charset=utf-8", "application/merge-patch+json", "Application/JSON"):
        sent = await api.post(SIGN_UP, content=b"{}", headers={"Content-Type": media_type})
        assert_problem(sent, 422)


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", "application/json5", ""]
)
async def test_media_types_that_are_not(media_type: str, api: Api, rows: Rows) -> None:
    before = await census(rows)
    headers = {"Content-Type": media_type} if media_type else {}
    assert_problem(await api.post(SIGN_UP, content=b"{}", headers=headers), 415)
    assert await census(rows) == before
