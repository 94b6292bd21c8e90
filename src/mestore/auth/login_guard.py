"""Guessing is slow: five failures lock an account, twenty from one address slow that address, for a quarter of an hour.

What a sign-in came to is settled by one script in Redis, so that many at once are counted one by one; a right guess
that comes in when the account has been locked meanwhile is refused like a wrong one. An e-mail without an account is
counted and locked like any other. Without Redis each process counts for itself: limits may begin anew, never end.
"""

import hashlib
from collections import defaultdict
from collections.abc import Awaitable
from enum import StrEnum
from typing import Any
from uuid import uuid4

import structlog
from redis.exceptions import RedisError

from mestore.auth.errors import TooManyFailures
from mestore.core.client_address import household
from mestore.core.wiring import TheWorld
from mestore.users.contact import read_email

log = structlog.get_logger(__name__)


class Proof(StrEnum):
    """What somebody showed who wants to sign in."""

    RIGHT = "RIGHT"
    INCOMPLETE = "INCOMPLETE"
    """The password was right, a second factor is still to come: neither a failure nor an end of failures."""
    WRONG = "WRONG"


class Verdict(StrEnum):
    OPEN = "OPEN"
    LOCKED_NOW = "LOCKED_NOW"
    """This failure was the one too many."""
    LOCKED = "LOCKED"


# KEYS: the account's failures and lock, the address's failures. ARGV: proof, window in ms, limit, a name for this try.
_SETTLE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = tonumber(ARGV[2])
local function add(key)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
    redis.call('ZADD', key, now, ARGV[4])
    redis.call('PEXPIRE', key, window)
    return redis.call('ZCARD', key)
end
local locked = redis.call('EXISTS', KEYS[2]) == 1
if ARGV[1] == 'WRONG' or locked then
    add(KEYS[3])
end
if locked then
    return 'LOCKED'
end
if ARGV[1] == 'RIGHT' then
    redis.call('DEL', KEYS[1])
elseif ARGV[1] == 'WRONG' and add(KEYS[1]) >= tonumber(ARGV[3]) then
    redis.call('SET', KEYS[2], '1', 'PX', window)
    redis.call('DEL', KEYS[1])
    return 'LOCKED_NOW'
end
return 'OPEN'
"""

# KEYS: the address's failures and its pause. ARGV: window in ms, limit, pause in ms. Milliseconds to wait, 0 for none.
_ADMIT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]))
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) or redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[3]) then
    return 0
end
return redis.call('PTTL', KEYS[2])
"""


class _Memory:
    """The same counts in this process, for while Redis is away."""

    most = 10_000

    def __init__(self) -> None:
        self.failures: defaultdict[str, list[float]] = defaultdict(list)
        self.until: dict[str, float] = {}

    def add(self, key: str, now: float, window: float) -> int:
        if len(self.failures) > self.most:
            self.failures.pop(next(iter(self.failures)))
        self.failures[key] = [*self.recent(key, now, window), now]
        return len(self.failures[key])

    def recent(self, key: str, now: float, window: float) -> list[float]:
        return [moment for moment in self.failures.get(key, ()) if moment > now - window]

    def hold(self, key: str, now: float, seconds: float) -> None:
        if len(self.until) > self.most:
            self.until = {name: until for name, until in self.until.items() if until > now}
        self.until[key] = now + seconds

    def held(self, key: str, now: float) -> float:
        """Seconds that are left."""
        return max(0.0, self.until.get(key, 0.0) - now)

    def forget(self, *keys: str) -> None:
        for key in keys:
            self.failures.pop(key, None)
            self.until.pop(key, None)


_memory = _Memory()


class LoginGuard:
    def __init__(self, world: TheWorld) -> None:
        self._redis = world.redis
        self._settings = world.settings.auth
        self._now = world.now
        self._window = self._settings.failure_minutes * 60

    async def admit(self, ip: str | None) -> None:
        """Let an address try, unless it failed so often that it may try only now and then.

        Raises:
            TooManyFailures: with the seconds until it may.
        """
        failures, pause = _of_address(ip), f"{_of_address(ip)}:pause"
        limit, seconds = self._settings.slow_after_failures, self._settings.slow_seconds
        wait = await self._ask(_ADMIT, [failures, pause], [self._window * 1000, limit, seconds * 1000])
        if wait is None:
            now = self._now().timestamp()
            wait = 0.0
            if len(_memory.recent(failures, now, self._window)) >= limit:
                wait = _memory.held(pause, now) * 1000
                if not wait:
                    _memory.hold(pause, now, seconds)
        if wait > 0:
            raise TooManyFailures(retry_after=max(1, -(-int(wait) // 1000)))

    async def settle(self, email: str, ip: str | None, proof: Proof) -> Verdict:
        """Count what a sign-in came to, and say whether the account is open to it."""
        account, lock, address = *_of_account(email), _of_address(ip)
        limit = self._settings.lock_after_failures
        said = await self._ask(_SETTLE, [account, lock, address], [proof, self._window * 1000, limit, uuid4().hex])
        return Verdict(said) if said is not None else self._settle_here(account, lock, address, proof)

    async def unlock(self, email: str) -> None:
        """Whoever could read the mail of an account may try again at once."""
        keys = _of_account(email)
        _memory.forget(*keys)
        await _or_none(self._redis.delete(*keys))

    def _settle_here(self, account: str, lock: str, address: str, proof: Proof) -> Verdict:
        now = self._now().timestamp()
        locked = _memory.held(lock, now) > 0
        if proof is Proof.WRONG or locked:
            _memory.add(address, now, self._window)
        if locked:
            return Verdict.LOCKED
        if proof is Proof.RIGHT:
            _memory.forget(account)
        elif proof is Proof.WRONG and _memory.add(account, now, self._window) >= self._settings.lock_after_failures:
            _memory.hold(lock, now, self._window)
            _memory.forget(account)
            return Verdict.LOCKED_NOW
        return Verdict.OPEN

    async def _ask(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """What Redis says; None when it is away."""
        return await _or_none(self._redis.eval(script, len(keys), *keys, *arguments))


def _of_account(email: str) -> tuple[str, str]:
    """Where an account's failures and lock are: no e-mail stands in Redis in plain."""
    address = read_email(email)
    name = hashlib.sha256((address.key if address else email.strip().casefold()).encode()).hexdigest()
    return f"login:{name}:failures", f"login:{name}:lock"


def _of_address(ip: str | None) -> str:
    return f"login:from:{household(ip)}"


async def _or_none(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("login_guard_without_redis", error=type(error).__name__)
        return None
