import time
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mestore.app.subscriptions import TASKS
from mestore.core import problems
from mestore.core.clock import utc_now
from mestore.core.settings import DatabaseSettings
from mestore.core.world import World, open_world
from tests.api import Api
from tests.core.conftest import Serve
from tests.make import PSE, SHIPPING, Make
from tests.problems import assert_problem

ENGLISH, SPANISH = "There is no such thing.", "No existe."


@pytest.mark.parametrize(
    ("wish", "title"),
    [
        ("", ENGLISH),
        ("es", SPANISH),
        ("es-CO", SPANISH),
        ("ES-419,es;q=0.9", SPANISH),
        ("en", ENGLISH),
        ("en-US,en;q=0.9,es;q=0.8", ENGLISH),
        ("es-CO,es;q=0.9,en;q=0.8", SPANISH),
        ("en;q=0.5, es;q=0.8", SPANISH),
        ("fr-FR, es;q=0.4", SPANISH),
        ("es;q=0", ENGLISH),
        ("est", ENGLISH),
        ("*", ENGLISH),
        ("es;q=x", ENGLISH),
        (";;,,;q=", ENGLISH),
        ("es" * 5_000, ENGLISH),
    ],
)
async def test_titles_follow_accept_language(wish: str, title: str, api: Api) -> None:
    answer = await api.get("/nowhere", headers={"Accept-Language": wish})
    problem = assert_problem(answer, 404)
    assert problem["title"] == problem["detail"] == title
    assert problem["type"] == "/problems/not-found"
    assert answer.headers["content-language"] == ("es" if title == SPANISH else "en")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/products", "GET, HEAD, POST"),
        ("/api/v1/products/01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10/page", "GET, HEAD"),
        ("/api/v1/vendors/register", "POST"),
        ("/docs", "GET, HEAD"),
    ],
)
async def test_a_method_that_an_address_does_not_answer(path: str, allowed: str, api: Api) -> None:
    answer = await api.request("DELETE", path)
    assert assert_problem(answer, 405)["type"] == "/problems/method-not-allowed"
    assert answer.headers["allow"] == allowed


async def test_details_of_a_refusal_are_members_of_its_answer(api: Api, make: Make) -> None:
    product = await make.product(stock=1)
    order = {"items": [{"product_id": str(product.id), "quantity": 2}], "shipping_info": SHIPPING}
    problem = assert_problem(await api.post("/api/v1/orders", order, by=await make.buyer()), 409)
    assert problem["type"] == "/problems/out-of-stock"
    assert (problem["product_id"], problem["available"]) == (str(product.id), 1)


async def test_nobody_signed_in_is_told_how(api: Api) -> None:
    answer = await api.get("/api/v1/auth/me")
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_name_of_a_way_of_paying_is_not_repeated(api: Api, make: Make) -> None:
    problem = assert_problem(
        await api.post("/api/v1/payments/process", {"payment_method": "TRUEQUE"}, by=await make.buyer()), 422
    )
    assert problem["errors"] == [
        {
            "loc": ["body", "payment_method"],
            "msg": "Input should be one of 'PSE', 'CARD', 'NEQUI', 'BANCOLOMBIA', 'EFECTY'",
            "code": "union_tag_invalid",
        }
    ]


NO_WHOLE = {"msg": "Input should be a valid integer", "code": "int_type"}
LACKING = {"msg": "Field required", "code": "missing"}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({}, [{"loc": ["body", "payment_method"], **LACKING}]),
        (
            {"payment_method": "PSE", "order_id": "1", "payment_data": PSE},
            [{"loc": ["body", "order_id"], **NO_WHOLE}],
        ),
        (
            {"payment_method": "NEQUI", "order_id": 1, "payment_data": {}},
            [{"loc": ["body", "payment_data", "phone"], **LACKING}],
        ),
        (
            {"payment_method": "PSE", "order_id": 1, "payment_data": PSE, "PSE": 1},
            [{"loc": ["body", "PSE"], "msg": "Extra inputs are not permitted", "code": "extra_forbidden"}],
        ),
    ],
    ids=["no method", "a member", "a member of a member", "a member that is called like the method"],
)
async def test_the_place_of_a_fault_is_a_place_in_what_was_sent(
    body: dict[str, Any], wanted: list[Any], api: Api, make: Make
) -> None:
    problem = assert_problem(await api.post("/api/v1/payments/process", body, by=await make.buyer()), 422)
    assert problem["errors"] == wanted


async def test_a_text_that_cannot_be_stored_is_told_by_its_place(api: Api, make: Make) -> None:
    body = {"payment_method": "payment_data", "order_id": 1, "payment_data": {"phone": "\0"}}
    problem = assert_problem(await api.post("/api/v1/payments/process", body, by=await make.buyer()), 422)
    assert [each["loc"] for each in problem["errors"]] == [["body", "payment_data", "phone"]]


def in_sqlalchemy(error: Exception) -> DBAPIError:
    """As it comes out of a session."""
    wrapped = DBAPIError("SELECT 1", None, error)
    wrapped.__cause__ = error
    return wrapped


BROKEN = [
    asyncpg.InternalClientError("got result for unknown protocol state 3"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.DeadlockDetectedError(),
    asyncpg.CannotConnectNowError(),
    asyncpg.LockNotAvailableError(),
    ConnectionResetError(),
    TimeoutError(),
]
NOT_NOW = [*BROKEN, *map(in_sqlalchemy, BROKEN), PoolTimeout()]
WRONG = [asyncpg.UniqueViolationError(), asyncpg.UndefinedTableError(), ValueError(), KeyError()]


def name_of(error: Exception) -> str:
    return f"{type(error).__name__}-{type(error.__cause__).__name__}" if error.__cause__ else type(error).__name__


@pytest.mark.parametrize("error", NOT_NOW, ids=name_of)
async def test_a_database_that_is_away_or_in_the_way_is_503(error: Exception, serve: Serve, world: World) -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/ask")
    async def ask() -> None:
        raise error

    async with serve(app, world) as api:
        assert_problem(await api.get("/ask"), 503)
    assert problems.is_transient(error)


@pytest.mark.parametrize("error", WRONG, ids=name_of)
def test_what_a_repetition_would_not_mend_is_no_outage(error: Exception) -> None:
    assert not problems.is_transient(error)
    assert not problems.is_transient(in_sqlalchemy(error))


@pytest.mark.parametrize("path", ["/api/v1/products", "/api/v1/categories"])
async def test_no_database_is_503_for_a_moment(path: str, app: FastAPI, world: World, serve: Serve) -> None:
    """Nothing listens there, as while PostgreSQL restarts."""
    away = DatabaseSettings(url="postgresql://mestore@/mestore?host=/nonexistent&port=5432")
    settings = world.settings.model_copy(update={"database": away})
    async with open_world(settings, utc_now, TASKS, name="test-away") as elsewhere, serve(app, elsewhere) as api:
        started = time.perf_counter()
        answer = await api.get(path)
        assert assert_problem(answer, 503)["type"] == "/problems/unavailable"
        assert answer.headers["retry-after"] == "2"
        assert time.perf_counter() - started < 6
        assert (await api.get("/health/live")).status_code == 200
        assert_problem(await api.get("/nowhere"), 404)
