"""The supervisor with real processes: stopped, killed, and looking after children that are."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from mestore.app.log_follower import LogFollower
from mestore.app.supervisor import StopRequested, Supervisor
from mestore.app.up.addresses import Addresses
from mestore.app.up.only_one import only_one
from mestore.app.up.ports import PortInUse, check_port_is_free
from mestore.core.settings import Settings
from tests.app.interrupting import interrupted_everywhere

FAMILY = """
import sys
from pathlib import Path
from mestore.app.log_follower import LogFollower
from mestore.app.supervisor import Child, StopRequested, Supervisor, SupervisorFailed

folder, kinds = Path(sys.argv[1]), sys.argv[2:]
BEGIN = '''
import os, signal, subprocess, sys
from pathlib import Path
def ready():
    aside = Path(sys.argv[1] + ".aside")
    aside.write_text(str(os.getpid()))
    aside.rename(sys.argv[1])
    print("hello from", os.getpid(), flush=True)
'''
SCRIPTS = {
    "steady": "ready(); signal.pause()",
    "stubborn": "signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); [signal.pause() for _ in iter(int, 1)]",
    "parent": "subprocess.Popen(['sleep', '300']); ready(); signal.pause()",
    "failing": "sys.exit('cannot find the thing')",
}

def child(name):
    pid_file = folder / name
    command = [sys.executable, "-c", BEGIN + SCRIPTS[name.partition("-")[0]], str(pid_file)]
    return Child(
        name, command, pid_file.exists, prepare=lambda: pid_file.unlink(missing_ok=True), stop_seconds=1,
    )

supervisor = Supervisor(LogFollower(folder / "logs"))
supervisor.catch_signals()
try:
    supervisor.start(*map(child, kinds))
    supervisor.run_once("errand", [sys.executable, "-c", "print('done', 6 * 7)"], {}, draws=False)
    supervisor.logs.say("all is ready")
    supervisor.follow()
except StopRequested:
    supervisor.logs.say("stop was requested early")
except SupervisorFailed as failed:
    sys.exit(str(failed))
finally:
    supervisor.stop()
"""


class Family:
    def __init__(self, folder: Path, *kinds: str) -> None:
        self.folder = folder
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", FAMILY, str(folder), *kinds], stdout=output, stderr=output
            )

    def pid(self, name: str) -> int:
        return int((self.folder / name).read_text())

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_said(self, pattern: str) -> None:
        wait_until(lambda: re.search(pattern, self.said()) is not None, lambda: f"{pattern!r} in {self.said()}")


@contextmanager
def family(folder: Path, *kinds: str) -> Iterator[Family]:
    running = Family(folder, *kinds)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait(10)


def wait_until(condition: Callable[[], bool], what: Callable[[], str] = lambda: "it", seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come true in time: {what()}"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_children_last_started_first(tmp_path: Path, number: signal.Signals) -> None:
    with family(tmp_path, "steady-1", "steady-2") as running:
        running.wait_until_said("all is ready")
        pids = [running.pid("steady-1"), running.pid("steady-2")]
        running.process.send_signal(number)
        assert running.process.wait(10) == 0
        assert all(gone(pid) for pid in pids)
        assert re.search(r"stopping steady-2(.|\n)*stopping steady-1", running.said())


def test_a_signal_is_noticed_at_whatever_moment_it_comes(tmp_path: Path) -> None:
    supervisor = Supervisor(LogFollower(tmp_path))
    noticed = []

    def pause() -> None:
        try:
            supervisor._pause()
        except StopRequested:
            noticed.append(True)

    assert interrupted_everywhere(pause, lambda: supervisor._on_signal(signal.SIGINT, None))
    assert noticed


def test_lines_are_prefixed_and_kept_in_a_file_each(tmp_path: Path) -> None:
    with family(tmp_path, "steady-1") as running:
        running.wait_until_said("all is ready")
        pid = running.pid("steady-1")
        assert f"steady-1 | hello from {pid}\n" in running.said()
        assert "errand   | done 42\n" in running.said()
        assert "\033[" not in running.said()
        assert (tmp_path / "logs" / "steady-1.log").read_text() == f"hello from {pid}\n"


def test_a_killed_child_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    with family(tmp_path, "steady-1", "steady-2") as running:
        running.wait_until_said("all is ready")
        first, other = running.pid("steady-1"), running.pid("steady-2")
        os.kill(first, signal.SIGKILL)
        running.wait_until_said("steady-1 is back after")
        assert "steady-1 was ended by SIGKILL: starting it again" in running.said()
        assert running.pid("steady-1") != first
        assert running.pid("steady-2") == other
        assert not gone(other)


def test_a_killed_supervisor_takes_its_children_with_it(tmp_path: Path) -> None:
    with family(tmp_path, "steady-1", "stubborn-1") as running:
        running.wait_until_said("all is ready")
        pids = [running.pid("steady-1"), running.pid("stubborn-1")]
        running.process.kill()
        wait_until(lambda: all(gone(pid) for pid in pids))


def test_children_of_a_killed_child_do_not_outlive_it(tmp_path: Path) -> None:
    with family(tmp_path, "parent-1") as running:
        running.wait_until_said("all is ready")
        (grandchild,) = psutil.Process(running.pid("parent-1")).children()
        os.kill(running.pid("parent-1"), signal.SIGKILL)
        running.wait_until_said("parent-1 is back after")
        assert gone(grandchild.pid)


def test_a_child_that_keeps_failing_ends_everything_with_one_sentence(tmp_path: Path) -> None:
    with family(tmp_path, "steady-1", "failing-1") as running:
        assert running.process.wait(20) == 1
        sentence = running.said().splitlines()[-1]
        assert "failing-1 ended 5 times within a minute, the last time it ended with code 1" in sentence
        assert "cannot find the thing" in sentence
        assert gone(running.pid("steady-1"))
        assert running.said().count("starting it again") == 4


def test_a_child_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    with family(tmp_path, "steady-1", "stubborn-1") as running:
        running.wait_until_said("all is ready")
        pid = running.pid("stubborn-1")
        running.process.terminate()
        assert running.process.wait(10) == 0
        assert "stubborn-1 did not stop in time and was killed" in running.said()
        assert gone(pid)


def test_a_signal_before_all_are_ready_stops_too(tmp_path: Path) -> None:
    with family(tmp_path, "steady-1", "failing-1") as running:
        running.wait_until_said("failing-1 ended")
        running.process.terminate()
        assert running.process.wait(10) == 0
        assert "stop was requested early" in running.said()
        assert gone(running.pid("steady-1"))


def test_a_port_in_use_is_named_with_its_setting_and_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mestore.app.up.ports.KILLED_SECONDS", 0)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortInUse) as refused:
            check_port_is_free("127.0.0.1", port, "MESTORE_API_PORT")
    for part in (f"port {port}", "MESTORE_API_PORT=", f"process {os.getpid()}"):
        assert part in str(refused.value)
    check_port_is_free("127.0.0.1", port, "MESTORE_API_PORT")


def test_a_data_folder_left_by_a_killed_one_is_free_again(tmp_path: Path) -> None:
    holds = "import sys, signal; from pathlib import Path; from mestore.app.up.only_one import *; h = only_one("
    holds += "Path(sys.argv[1]), Addresses('http://127.0.0.1:1', 's', 'm')); h.__enter__(); print('held', flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", holds + "; signal.pause()", str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
    with only_one(tmp_path, Addresses.of(Settings())):
        assert f'"pid": {os.getpid()}' in (tmp_path / "up.lock").read_text()


def test_what_the_settings_leave_open_leads_to_the_sandbox_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESTORE_SANDBOX_PORT", "9190")
    monkeypatch.setenv("MESTORE_SANDBOX_SMTP_PORT", "9125")
    monkeypatch.setenv("MESTORE_MAIL_HOST", "mail.example")
    settings = Settings()
    assert Addresses.of(settings).sandbox_environment(settings) == {
        "MESTORE_WOMPI_BASE_URL": "http://127.0.0.1:9190/wompi/v1",
        "MESTORE_WOMPI_CHECKOUT_URL": "http://127.0.0.1:9190/wompi/p/",
        "MESTORE_PAYU_PAYMENTS_URL": "http://127.0.0.1:9190/payu/payments-api/4.0/service.cgi",
        "MESTORE_PAYU_REPORTS_URL": "http://127.0.0.1:9190/payu/reports-api/4.0/service.cgi",
        "MESTORE_PAYU_CHECKOUT_URL": "http://127.0.0.1:9190/payu/ppp-web-gateway-payu/",
        "MESTORE_PAYU_NOTIFY_URL": "http://127.0.0.1:8000/api/v1/payments/webhook/payu",
        "MESTORE_EFECTY_BASE_URL": "http://127.0.0.1:9190/payvalida",
        "MESTORE_SMS_BASE_URL": "http://127.0.0.1:9190/twilio",
        "MESTORE_PAYMENTS_RETURN_URL": "http://127.0.0.1:9190/return",
        "MESTORE_MAIL_PORT": "9125",
        "MESTORE_LIMITS_FACTOR": "1000",
    }
