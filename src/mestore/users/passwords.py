"""Passwords: which are refused, and how they are kept (Argon2id).

A hash takes a tenth of a second of a core and 64 MiB, so it runs in a few threads of its own: the event loop goes on,
and a storm of sign-ins queues for these threads instead of taking the machine.
"""

import asyncio
import functools
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mestore.core.settings import AuthSettings
from mestore.users.contact import EmailAddress
from mestore.users.errors import PASSWORD_COMMON, PASSWORD_CONTAINS_EMAIL, PASSWORD_LENGTH, FieldProblem

_SHORTEST, _LONGEST = 8, 128
_SHORTEST_TELLING = 3
"""A local part of fewer characters is in many a password by chance."""

_hasher = PasswordHasher(time_cost=2, memory_cost=65_536, parallelism=1)

NOBODYS_HASH = "$argon2id$v=19$m=65536,t=2,p=1$pRZv+dthipy+P418sExd1A$grb5Nhln905bqwUpEum+YTCAZqmdNzzYPDsoHcQ/0tg"
"""Verified where there is no account, so that an unknown e-mail costs the same time. Its password was thrown away."""


def problem_of(password: str, email: EmailAddress | None) -> FieldProblem | None:
    """Why a new password is refused, if it is."""
    if not _SHORTEST <= len(password) <= _LONGEST:
        return PASSWORD_LENGTH
    folded = unicodedata.normalize("NFKC", password).casefold()
    if folded in _common():
        return PASSWORD_COMMON
    if email is not None:
        local_part = email.key.rpartition("@")[0]
        if email.key in folded or (len(local_part) >= _SHORTEST_TELLING and local_part in folded):
            return PASSWORD_CONTAINS_EMAIL
    return None


async def hash_password(password: str, settings: AuthSettings) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads(settings.hash_concurrency), _hasher.hash, password)


async def verify_password(password: str, hashed: str | None, settings: AuthSettings) -> bool:
    """Whether it is the password of this hash; without one it takes as long and is False."""
    threads = _threads(settings.hash_concurrency)
    fits = await asyncio.get_running_loop().run_in_executor(threads, _fits, password, hashed or NOBODYS_HASH)
    return fits and hashed is not None


def _fits(password: str, hashed: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="argon2")


@functools.cache
def _common() -> frozenset[str]:
    text = resources.files(__package__).joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
