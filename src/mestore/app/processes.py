"""What the operating system must do for a family of processes: end children with their parent, and serve root too."""

import ctypes
import functools
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
NOBODY = 65534


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `number` to the child when the thread that started it ends, kill -9 included.

    Only Linux has this; elsewhere the child outlives a killed parent, and the next start ends what it left.
    """
    return die_with(os.getpid(), number)


def die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """What the child calls, made beforehand: little is safe between fork and exec."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel was asked
            os._exit(1)

    return ask_the_kernel


@functools.cache
def run_as_ordinary_user(program: str, folder: Path, on_parent_death: signal.Signals) -> tuple[list[str], int]:
    """The words to put before a command that refuses to run as root, and the user id that must own its files.

    A user namespace needs no change of owners and works below private folders, but containers often forbid it; then
    it is `nobody`. `die_with_parent` does not survive either change of user, so `setpriv` asks again. Raises
    PermissionError when neither way works.
    """
    if os.geteuid() != 0:
        return [], os.geteuid()
    setpriv = ["setpriv", "--pdeathsig", on_parent_death.name.removeprefix("SIG")]
    somebody = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid), NOBODY)  # initdb wants to know the name
    namespace = ["unshare", "--user", f"--map-user={somebody}", f"--map-group={somebody}", *setpriv]
    if _works([*namespace, program, "--version"]):
        return namespace, 0
    nobody = [*setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if _works([*nobody, program, "--version"]) and _works([*nobody, "test", "-x", str(folder)]):
        return nobody, NOBODY
    raise PermissionError(
        f"PostgreSQL does not run as root, and here root can neither make a user namespace nor run {program} "
        f"on {folder} as nobody: run as an ordinary user, or set MESTORE_DATABASE_URL"
    )


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
    except OSError:
        return False
