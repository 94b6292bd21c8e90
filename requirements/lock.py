"""Locks requirements/*.in into hashed requirements/*.txt, and tells when a lock no longer follows from its .in file.

The first line of a lock keeps the digest of what it was made from. Needs nothing but Python.
"""
# ruff: noqa: INP001, S603, T201

import hashlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAMES = ("installer", "production", "development")


def stale() -> list[str]:
    """The names of the locks that do not follow from their .in file, or from one that this includes."""
    return [name for name in NAMES if _first_line(FOLDER / f"{name}.txt") != _mark(name)]


def lock(uv: str, arguments: list[str]) -> None:
    """Versions stay as they are where they still fit; `--upgrade` among the arguments takes the newest."""
    for name in NAMES:
        target = FOLDER / f"{name}.txt"
        options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
        options += ["--no-emit-find-links", "--no-header", "--no-annotate", "--quiet", *arguments]
        command = [uv, "pip", "compile", *options, f"{name}.in", "-o", f"{name}.txt"]
        if subprocess.run(command, cwd=FOLDER, stdout=subprocess.DEVNULL, check=False).returncode:
            sys.exit(f"make: uv could not lock requirements/{name}.in: see above")
        target.write_text(_mark(name) + "\n" + target.read_text())
        print(f"locked requirements/{name}.txt")


def _mark(name: str) -> str:
    return "# locked from sha256:" + hashlib.sha256("\n".join(_lines(f"{name}.in")).encode()).hexdigest()


def _lines(file: str) -> list[str]:
    lines: list[str] = []
    for raw in (FOLDER / file).read_text().splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("-r "):
            lines += _lines(line[3:].strip())
        elif line:
            lines.append(line)
    return lines


def _first_line(path: Path) -> str:
    return path.read_text().partition("\n")[0] if path.exists() else ""
