import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .running import RunningSandbox, eventually
from .shop import Shop, Webhook, pse
from .test_inbox import send


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    receiver = Webhook()
    yield receiver
    receiver.close()


def test_a_kill_loses_no_transaction_mail_or_undelivered_event(tmp_path: Path, receiver: Webhook) -> None:
    sandbox = RunningSandbox(tmp_path, api_port=receiver.port)
    with sandbox:
        shop = Shop(sandbox)
        sandbox.control("settle_delay", min=0, max=0)
        sandbox.control("events", paused=True)
        settled = shop.pay(pse("1"))
        event = eventually(sandbox.events)[0]
        sandbox.control("settle_delay", min=60, max=60)
        unsettled = shop.pay(pse("2"))
        send(sandbox, "Confirma tu correo", "ana@example.com")
        sandbox.kill()

        sandbox.start()
        assert {found["id"] for found in sandbox.transactions()} == {settled["id"], unsettled["id"]}
        assert [mail["subject"] for mail in sandbox.mails()] == ["Confirma tu correo"]
        assert receiver.received == []
        sandbox.control("events", paused=False)
        assert eventually(lambda: receiver.received)[0][1] == event["body"]
        sandbox.control("advance_clock", seconds=61)
        assert shop.get(unsettled["id"])["status"] == "DECLINED"
        assert len(receiver.received) == 2
        sandbox.kill()

        sandbox.start()
        assert shop.get(unsettled["id"])["status"] == "DECLINED"
        assert len(receiver.received) == 2
        shop.http.close()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_even_while_a_caller_is_held(tmp_path: Path, ending: signal.Signals) -> None:
    sandbox = RunningSandbox(tmp_path)
    with sandbox:
        shop = Shop(sandbox)
        sandbox.control("fail_next", call="POST /transactions", mode="timeout_after_processing")
        body = shop.body()
        errors: list[Exception] = []

        def post() -> None:
            try:
                shop.post(body, seconds=60)
            except httpx.HTTPError as error:
                errors.append(error)

        held = threading.Thread(target=post)
        held.start()
        eventually(lambda: shop.by_reference(body["reference"]))
        assert sandbox.stop(ending) == 0
        held.join()
        assert len(errors) == 1
        assert "Traceback" not in sandbox.log()
        shop.http.close()


@pytest.mark.parametrize("taken", ["port", "smtp_port"])
def test_a_port_in_use_gives_one_clear_sentence(tmp_path: Path, taken: str) -> None:
    sandbox = RunningSandbox(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", getattr(sandbox, taken)))
        other.listen()
        process = subprocess.run(
            [sys.executable, "-m", "mestore.sandbox"],
            env=sandbox.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert process.returncode == 1
    setting = {"port": "MESTORE_SANDBOX_PORT", "smtp_port": "MESTORE_SANDBOX_SMTP_PORT"}[taken]
    assert process.stderr.splitlines()[-1].endswith(f"set {setting}.")
    assert "Traceback" not in process.stderr
