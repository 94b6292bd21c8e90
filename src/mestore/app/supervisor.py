"""A small supervisor: starts children, waits until they are healthy, restarts one that ends, stops all in order.

One thread looks after all of them, and it is the main one: the kernel ends a child when the *thread* that started it
ends (`die_with_parent`), which is what makes `kill -9` of the supervisor leave nothing behind.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from mestore.app.log_follower import LogFollower
from mestore.app.processes import die_with_parent

_LOOK_EVERY_SECONDS = 0.05
_FAILURES = 5
_WITHIN_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 4.0


class SupervisorFailed(Exception):
    """The message is one sentence for the person at the terminal."""


class StopRequested(Exception):
    """Somebody pressed Ctrl-C, or the system ends us, while we were starting."""


@dataclass(frozen=True)
class Child:
    name: str
    command: Sequence[str]
    healthy: Callable[[], bool]
    """Asked again and again until it says yes once; takes at most a second."""
    prepare: Callable[[], None] = lambda: None
    """Before each start."""
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when the supervisor itself is killed."""


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    healthy: bool = False
    restarted: bool = False
    started_at: float = 0.0
    start_at: float = 0.0
    failures: deque[float] = field(default_factory=lambda: deque(maxlen=_FAILURES))


class Supervisor:
    def __init__(self, logs: LogFollower) -> None:
        self.logs = logs
        self._children: list[_Running] = []
        self._stop_signals = 0

    def catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
                signal.signal(number, self._on_signal)

    def start(self, *children: Child, seconds: float = 60) -> None:
        """Starts them side by side and returns when all are healthy.

        Raises SupervisorFailed when that does not come true in time, StopRequested when a signal comes first.
        """
        new = [_Running(child) for child in children]
        self._children += new
        deadline = time.monotonic() + seconds
        while not all(running.healthy for running in new):
            self._look()
            if time.monotonic() > deadline:
                late = next(running.child.name for running in new if not running.healthy)
                raise SupervisorFailed(f"{late} is not ready after {seconds:.0f} s: see {self.logs.path(late)}")
            self._pause()

    def run_once(self, name: str, command: Sequence[str], environment: Mapping[str, str], *, draws: bool) -> None:
        """Runs one command to its end while the children are looked after.

        `draws`: it writes to the terminal itself, and the children's lines go to their files only meanwhile.
        """
        self.logs.quiet = draws
        process = self._spawn(Child(name, command, lambda: True, environment=environment), inherit=draws)
        try:
            while process.poll() is None:
                self._look()
                self._pause()
        finally:
            self.logs.quiet = False
            self._end(process, signal.SIGTERM, 10)
        if process.returncode:
            said = "" if draws else f"; it said: {self.logs.last_words(name)}"
            raise SupervisorFailed(f"{name} {_how_it_ended(process.returncode)}{said}")

    def follow(self) -> None:
        """Looks after the children until a signal comes."""
        with contextlib.suppress(StopRequested):
            while True:
                self._look()
                self._pause()

    def stop(self) -> None:
        """Ends the children, the last started first, each in its own time; a second Ctrl-C takes that time away."""
        for running in reversed(self._children):
            if running.process is None:
                continue
            if running.process.poll() is None:
                self.logs.say(f"stopping {running.child.name}")
            if not self._end(running.process, running.child.stop_signal, running.child.stop_seconds):
                self.logs.say(f"{running.child.name} did not stop in time and was killed")
        self._children.clear()
        self.logs.drain()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Takes no lock (as an `Event` would): it runs within this same thread, which may hold it just then."""
        self._stop_signals += 1

    def _pause(self) -> None:
        time.sleep(_LOOK_EVERY_SECONDS)
        if self._stop_signals:
            raise StopRequested

    def _look(self) -> None:
        now = time.monotonic()
        for running in self._children:
            name = running.child.name
            if running.process is None:
                if now >= running.start_at:
                    running.child.prepare()
                    running.process = self._spawn(running.child)
                    running.started_at = now
            elif running.process.poll() is not None:
                self._has_ended(running, running.process, now)
            elif not running.healthy and running.child.healthy():
                running.healthy = True
                if running.restarted:
                    self.logs.say(f"{name} is back after {time.monotonic() - running.started_at:.1f} s")

    def _has_ended(self, running: _Running, process: subprocess.Popen[bytes], now: float) -> None:
        name = running.child.name
        _kill_group(process)
        ended = _how_it_ended(process.returncode)
        running.failures.append(now)
        if len(running.failures) == _FAILURES and now - running.failures[0] < _WITHIN_SECONDS:
            raise SupervisorFailed(
                f"{name} ended {_FAILURES} times within a minute, the last time it {ended}: "
                f"see {self.logs.path(name)}, which ends with: {self.logs.last_words(name)}"
            )
        recent = sum(now - failure < _WITHIN_SECONDS for failure in running.failures)
        pause = min(0.25 * 2 ** (recent - 1), _LONGEST_PAUSE_SECONDS)
        self.logs.say(f"{name} {ended}: starting it again")
        running.process, running.healthy, running.restarted = None, False, True
        running.start_at = now + pause

    def _spawn(self, child: Child, *, inherit: bool = False) -> subprocess.Popen[bytes]:
        """In a session of its own, for a Ctrl-C in the terminal must reach the supervisor alone."""
        process = subprocess.Popen(  # noqa: S603 - our own commands
            list(child.command),
            stdin=subprocess.DEVNULL,
            stdout=None if inherit else subprocess.PIPE,
            stderr=None if inherit else subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(child.environment),
            start_new_session=True,
            preexec_fn=die_with_parent(child.death_signal),  # noqa: PLW1509 - one system call, prepared before the fork
        )
        if process.stdout is not None:
            self.logs.follow(child.name, process.stdout)
        return process

    def _end(self, process: subprocess.Popen[bytes], number: signal.Signals, seconds: float) -> bool:
        """Whether it ended by itself; nothing of its group is left in any case."""
        in_time = process.poll() is not None
        if not in_time:
            process.send_signal(number)
            signals, deadline = self._stop_signals, time.monotonic() + seconds
            while not in_time and time.monotonic() < deadline and self._stop_signals == signals:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_EVERY_SECONDS)
                    in_time = True
        _kill_group(process)
        process.wait()
        return in_time


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """What a child left of its own children goes too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    return f"was ended by {signal.Signals(-code).name}"
