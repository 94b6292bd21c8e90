"""What a process that reads strangers' files may use."""

import contextlib
import resource
import sys
from pathlib import Path


def limit_this_process(max_bytes: int, max_seconds: int) -> None:
    """Memory and processor time; and where memory does run out, this process is the first to go.

    numpy, which openpyxl imports where it is installed, is kept out: it takes 30 MB, and threads, for nothing here.
    """
    sys.modules["numpy"] = None  # type: ignore[assignment]
    resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (max_seconds, max_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # only Linux has it
        Path("/proc/self/oom_score_adj").write_text("1000")
