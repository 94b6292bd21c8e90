"""What has changed since a shared answer was made.

Everything that answers are made of has a tag (`product:…`, `catalogue`, `shops`). A transaction collects the tags of
what it changes (`changed`); when it has committed, and before its own answer leaves, each tag gets a new random value.
An answer is good while the values are those that were there *before* its rows were read.

The values stand in a table of this machine's memory, which all processes here share, so the next request on any of them
sees the change; in Redis, for answers that lie there; and they are told to other machines through Redis. While this
process does not hear Redis it shares no answers at all: it could miss what another machine changes. A process that died
between its commit and the mark is started again, and whoever connects begins a new epoch, in which nothing old is good.

Values are random rather than counted, so that two processes that mark at once can't agree on one that was there before.
"""

import asyncio
import contextlib
import mmap
import secrets
import zlib
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger(__name__)
CHANGED = "changed"
FRESHNESS = "freshness"
"""The keys in a session's `info` under which its tags, and whom to tell, are found."""

CATALOGUE = "catalogue"
"""Anything that a list of products shows or is ordered by."""

CATEGORIES = "categories"
"""The tree of categories and how much is for sale in each; what orders do changes neither."""

SHOPS = "shops"
"""What is public of vendors, and which of them sell."""

_SLOTS = 4096
_CHANNEL = "freshness"
_EPOCH = "epoch"
_LONGER_THAN_ANY_ANSWER_SECONDS = 3_600
_TELL = """
for _, key in ipairs(KEYS) do
    redis.call('SET', key, ARGV[1], 'EX', ARGV[2])
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
"""
"""KEYS: those of the tags. ARGV: their value, its seconds, the channel, what is told there. One exchange for all."""

_AWAY = (RedisError, OSError, TimeoutError)


def product_tag(product_id: object) -> str:
    return f"product:{product_id}"


def shop_tag(slug: object) -> str:
    """A shop's own page, where it shows more than its products do."""
    return f"shop:{slug}"


def changed(session: AsyncSession, *tags: str) -> None:
    """This transaction changes what these tags stand for; told when it has committed, forgotten when it does not."""
    session.info.setdefault(CHANGED, set()).update(tags)


async def tell_changes(session: AsyncSession) -> None:
    """Called after a commit, by `core/database.py` alone."""
    tags = session.info.pop(CHANGED, None)
    if tags:
        await session.info[FRESHNESS].mark(tags)


class Freshness:
    """The values of all tags, as this process sees them."""

    def __init__(self, folder: Path, redis: Redis) -> None:
        """`redis` gives and takes bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "freshness").open("a+b") as file:
            file.truncate(_SLOTS * 8)
            self._memory = mmap.mmap(file.fileno(), _SLOTS * 8)
        self._here = memoryview(self._memory).cast("Q")
        self._elsewhere = array("Q", bytes(_SLOTS * 8))
        self._redis = redis
        self._tell = redis.register_script(_TELL)
        self._machine = f"{(folder / 'freshness').stat().st_ino}-{_machine_id()}"
        self._heard = 0
        self.hears = asyncio.Event()
        """Whether what other machines change is heard."""

    @property
    def connected(self) -> bool:
        return self.hears.is_set()

    def slots(self, tags: Iterable[str]) -> tuple[int, ...]:
        """Where these tags' values stand. Two tags may share a slot: then each is made anew for the other's sake."""
        return tuple(zlib.crc32(tag.encode()) % _SLOTS for tag in tags)

    def values(self, slots: Sequence[int]) -> tuple[int, ...]:
        return (self._heard, *(self._here[slot] ^ self._elsewhere[slot] for slot in slots))

    def is_good(self, slots: Sequence[int], values: tuple[int, ...]) -> bool:
        return self.hears.is_set() and self.values(slots) == values

    async def mark(self, tags: Iterable[str]) -> None:
        """Every answer that any of these tags is in stops being good, here at once."""
        marked = sorted(tags)
        value = secrets.randbits(63)
        slots = self.slots(marked)
        for slot in slots:
            self._here[slot] = value
        if not self.connected:
            return
        try:
            told = orjson.dumps([self._machine, value, slots])
            await self._tell(
                keys=[_key(tag) for tag in marked], args=[value, _LONGER_THAN_ANY_ANSWER_SECONDS, _CHANNEL, told]
            )
        except _AWAY as error:
            log.warning("change_not_told", error=type(error).__name__)

    async def values_in_redis(self, tags: Iterable[str], *, besides: str) -> tuple[bytes | None, list[bytes]]:
        """What lies at the key `besides`, and the tags' values, read at one moment."""
        found, *values = cast("list[bytes | None]", await self._redis.mget([besides, *map(_key, (_EPOCH, *tags))]))
        return found, [value or b"" for value in values]

    async def listen(self) -> None:
        """Hear what other machines change, until cancelled."""
        try:
            while True:
                try:
                    await self._listen()
                except _AWAY as error:
                    if self.connected:
                        log.warning("changes_not_heard", error=type(error).__name__)
                self.hears.clear()
                await asyncio.sleep(0.5)
        finally:
            self.hears.clear()

    async def _listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(_CHANNEL)
            await self._redis.set(_key(_EPOCH), str(secrets.randbits(63)))
            self._heard += 1
            self.hears.set()
            while True:
                # A server that hangs says nothing: the ping's answer must come within the socket's time-out.
                message = await subscription.get_message(timeout=1.0)
                if message is None:
                    await self._redis.ping()
                elif message["type"] == "message":
                    machine, value, slots = orjson.loads(message["data"])
                    if machine != self._machine:
                        for slot in slots:
                            self._elsewhere[slot] = value

    def close(self) -> None:
        self._here.release()
        with contextlib.suppress(BufferError):
            self._memory.close()


def _key(tag: str) -> str:
    return f"fresh:{tag}"


def _machine_id() -> str:
    """Tells two machines apart whose files happen to have one number."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return secrets.token_hex(8)
