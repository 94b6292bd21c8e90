"""Makes .venv and installs exactly what the lock says: uv by pip, and the rest by uv, every file by its hash.

With `lock` as its first argument it makes new locks instead, for which it needs of .venv no more than uv.
"""
# ruff: noqa: INP001, S603, T201

import importlib.util
import os
import subprocess
import sys

import lock

ROOT = lock.FOLDER.parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
UV = str(VENV / "bin" / "uv")
STAMP = VENV / "installed"


def main() -> None:
    _check_that_venv_can_be_made()
    if sys.argv[1:2] == ["lock"]:
        _make_uv()
        lock.lock(UV, sys.argv[2:])
        return
    stale = lock.stale()
    if stale:
        names = " and ".join(f"requirements/{name}.txt" for name in stale)
        sys.exit(f"make: {names} was not made from the .in file that is here now: run `make lock`")
    _make_uv()
    environment = dict(os.environ, VIRTUAL_ENV=str(VENV))
    development = str(lock.FOLDER / "development.txt")
    print("installing what requirements/development.txt locks into .venv", flush=True)
    if not _runs([UV, "pip", "sync", "--require-hashes", development], environment):
        print("uv could not: trying pip, which may know other package indexes", flush=True)
        if not _runs([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", development]):
            sys.exit("make: the packages could not be installed, see above; a network or a warm cache is needed once")
    if not _runs([UV, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT)], environment):
        sys.exit("make: MeStore itself could not be installed into .venv: see above")
    STAMP.write_text("made by requirements/install.py; remove it to install again\n")


def _check_that_venv_can_be_made() -> None:
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"make: {sys.executable} lacks {' and '.join(missing)}: install your system's package for it, "
            "as python3-venv on Debian and Ubuntu"
        )


def _make_uv() -> None:
    if not _runs([PYTHON, "-c", "import pip"], quiet=True):
        print("making .venv with Python {}.{}".format(*sys.version_info[:2]), flush=True)
        if not _runs([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            sys.exit("make: .venv could not be made: see above")
    installer = str(lock.FOLDER / "installer.txt")
    if not _runs([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", installer]):
        sys.exit("make: uv could not be installed, see above; a network or a warm cache is needed once")


def _runs(command: list[str], environment: dict[str, str] | None = None, *, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=False)
    except OSError:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    main()
