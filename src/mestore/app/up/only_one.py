"""One `mestore up` for a data folder."""

import contextlib
import dataclasses
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mestore.app.serve import DRAIN_SECONDS
from mestore.app.up.addresses import Addresses, answers

ENDING_SECONDS = DRAIN_SECONDS + 15
"""How long another one may take to end."""


class AlreadyRunning(Exception):
    """The message says where."""


class DataFolderTaken(Exception):
    """The message is one sentence for the person at the terminal."""


@contextlib.contextmanager
def only_one(data_dir: Path, addresses: Addresses) -> Iterator[None]:
    """Holds the data folder; the kernel gives the lock back even after a kill -9.

    Raises AlreadyRunning when a healthy one holds it, and waits for one that is starting or stopping.
    """
    lock = data_dir / "up.lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as refused:
        raise DataFolderTaken(f"{refused.strerror}: {refused.filename} (set MESTORE_DATA_DIR)") from None
    with os.fdopen(descriptor, "r+") as file:
        _take(descriptor, lock)
        file.truncate()
        json.dump({"pid": os.getpid(), **dataclasses.asdict(addresses)}, file)
        file.flush()
        yield


def _take(descriptor: int, lock: Path) -> None:
    deadline = time.monotonic() + ENDING_SECONDS
    told = False
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        holder: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            holder = json.loads(lock.read_text())
        who = f"process {holder.get('pid', 'unknown')}"
        if "api" in holder and answers(f"{holder['api']}/health/ready", holder["host"])():
            raise AlreadyRunning(
                f"MeStore already runs on {lock.parent} ({who}) and is ready: "
                f"API {holder['api']}, sandbox {holder['sandbox']}"
            )
        if time.monotonic() > deadline:
            raise DataFolderTaken(f"another `mestore up` ({who}) holds {lock.parent} and is not healthy: end it first")
        if not told:
            sys.stdout.write(f"another `mestore up` ({who}) is starting or stopping on {lock.parent}: waiting for it\n")
            sys.stdout.flush()
            told = True
        time.sleep(0.2)
