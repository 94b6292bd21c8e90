from collections.abc import AsyncIterator

import pytest
import structlog
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse
from starlette.types import Message

from mestore.app.api import behind_gate
from mestore.core.world import World
from tests.api import Api
from tests.core.conftest import Serve
from tests.problems import assert_problem

PRODUCTS = "/api/v1/products"
INSIDE = "the-inside-7391"


async def test_every_answer_has_an_id(api: Api) -> None:
    ids = {(await api.get(path)).headers["x-request-id"] for path in (PRODUCTS, PRODUCTS, "/health/live", "/nowhere")}
    assert len(ids) == 4


@pytest.mark.parametrize("given", ["order-71.a_B", "0" * 64])
async def test_the_callers_id_is_kept(given: str, api: Api) -> None:
    answer = await api.get("/nowhere", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == assert_problem(answer, 404)["request_id"] == given


@pytest.mark.parametrize("given", ["", "short", "0" * 65, "with spaces in it", 'quote"quote"', "<script>alert"])
async def test_an_id_that_is_none_is_replaced(given: str, api: Api) -> None:
    answer = await api.get("/nowhere", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


async def test_answers_are_kept_from_being_sniffed_or_framed(api: Api) -> None:
    headers = (await api.get("/nowhere")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


async def test_a_body_too_large_is_refused_by_its_declared_length(api: Api) -> None:
    assert_problem(await api.post("/api/v1/auth/login", content=b" " * 1_048_577), 413)


async def test_a_body_too_large_is_refused_whatever_it_declares(api: Api) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    headers = {"Content-Type": "application/json"}
    assert_problem(await api.post("/api/v1/auth/login", content=pieces(), headers=headers), 413)
    assert sent < 1_400_000


async def test_a_webhook_is_smaller_than_other_bodies(api: Api) -> None:
    assert_problem(await api.post("/api/v1/payments/webhook", content=b" " * 65_537), 413)
    assert_problem(await api.post("/api/v1/payments/webhook", content=b" " * 65_536), 401)


@pytest.mark.parametrize("path", [PRODUCTS, "/health/live", "/docs", "/nowhere", "/api/v1/orders"])
async def test_head_is_get_without_the_body(path: str, api: Api) -> None:
    head, get = await api.request("HEAD", path), await api.get(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.headers["content-length"] == get.headers["content-length"]


def plant(app: FastAPI) -> None:
    async def broken() -> None:
        raise RuntimeError(INSIDE)

    async def cut() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError(INSIDE)

        return StreamingResponse(pieces())

    async def listen(request: Request) -> None:
        await request.body()

    app.add_api_route("/broken", broken)
    app.add_api_route("/cut", cut)
    app.add_api_route("/listen", listen, methods=["POST"])


async def test_a_500_says_nothing_of_the_inside(app: FastAPI, world: World, serve: Serve) -> None:
    plant(app)
    async with serve(app, world) as api:
        with structlog.testing.capture_logs() as logs:
            answer = await api.get("/broken", headers={"Accept-Language": "es"})
    problem = assert_problem(answer, 500)
    assert problem["type"] == "/problems/internal-error"
    assert problem["title"] == "Algo falló de nuestro lado. Quedó registrado."
    for told in (INSIDE, "RuntimeError", "Traceback", ".py"):
        assert told not in answer.text
    failures = [line for line in logs if line["event"] == "request_failed"]
    assert [str(line["exc_info"]) for line in failures] == [INSIDE]


async def test_an_answer_that_breaks_halfway_is_cut_not_finished(app: FastAPI, world: World, serve: Serve) -> None:
    plant(app)
    async with serve(app, world) as api:
        with structlog.testing.capture_logs(), pytest.raises(RuntimeError, match=INSIDE):
            await api.get("/cut")


async def test_a_client_that_goes_away_is_no_error(app: FastAPI, world: World) -> None:
    plant(app)
    app.state.world = world
    coming: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        assert message.get("status") in {None, 499}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/listen",
        "raw_path": b"/listen",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"content-length", b"10")],
    }
    with structlog.testing.capture_logs() as logs:
        await behind_gate(app, world.settings)(scope, receive, send)
    assert [line["log_level"] for line in logs] == ["info"]
