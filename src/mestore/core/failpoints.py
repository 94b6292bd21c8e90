"""Named places where a test can make this process fail: `MESTORE_FAILPOINTS='{"before_commit": "kill"}'`.

Off unless armed, and production refuses to start with any armed. An action is `kill` (SIGKILL of this process) or
`raise`; `name@n` arms only the n-th time that the place is passed: the steps of one
job share a name and are counted.
"""

import os
import signal
from collections import Counter

_armed: dict[str, str] = {}
_passed: Counter[str] = Counter()


class FailpointReached(Exception):
    """Raised where a test asked for it."""


def arm(failpoints: dict[str, str]) -> None:
    _armed.clear()
    _passed.clear()
    _armed.update(failpoints)


def failpoint(name: str) -> None:
    """A place where a test may want this process to fail."""
    if not _armed:
        return
    _passed[name] += 1
    action = _armed.get(f"{name}@{_passed[name]}") or _armed.get(name)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointReached(name)
