"""What is written down about an announcement that nobody took."""

import socket
import threading
from collections.abc import Iterator

import pytest

from .running import RunningSandbox
from .shop import Webhook


@pytest.fixture
def hanging_up() -> Iterator[str]:
    """The address of somebody who reads a request and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(65_536)

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


def failure(sandbox: RunningSandbox, url: str) -> str:
    sandbox.control("events", url=url)
    delivery = sandbox.control("forge_event", changes={})["deliveries"][0]
    assert (delivery["state"], delivery["status_code"], delivery["answer"]) == ("done", None, None)
    error: str = delivery["error"]
    return error.partition(":")[0]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:9/", "ConnectError"),
        ("ftp://127.0.0.1/", "UnsupportedProtocol"),
        ("nowhere", "InvalidURL"),
        ("http://127.0.0.1:99999/", "InvalidURL"),
        ("http://[/", "InvalidURL"),
    ],
)
def test_addresses_at_which_nobody_is(sandbox: RunningSandbox, url: str, name: str) -> None:
    assert failure(sandbox, url) == name


def test_somebody_who_hangs_up(sandbox: RunningSandbox, hanging_up: str) -> None:
    assert failure(sandbox, hanging_up) == "RemoteProtocolError"


def test_a_header_that_cannot_be_sent(sandbox: RunningSandbox) -> None:
    forged = sandbox.control("forge_event", changes={"signature.checksum": "a\nb"}, sign="keep")
    assert forged["deliveries"][0]["error"].startswith("LocalProtocolError: ")


def test_an_answer_is_kept_as_it_was_given(sandbox: RunningSandbox, webhook: Webhook) -> None:
    webhook.status = 302
    delivery = sandbox.control("forge_event", changes={})["deliveries"][0]
    assert (delivery["status_code"], delivery["answer"], delivery["error"]) == (302, "visto", None)
    assert len(webhook.received) == 1
