"""Public answers kept ready as bytes: in this process for the hottest, in Redis behind it, both judged by `Freshness`.

Two ASGI layers share one store. `Front` stands before everything and answers what is ready and asked for plainly; it
costs little more than any answer does. `HotReads` stands behind the gate: it answers what the front left (a page of
another origin asks), looks into Redis, and lets one request of many make an answer that is missing. Whoever says who it
is (`Authorization`) passes both: a personal answer is never kept, and a kept one never personal.

Which addresses are kept, and which tags they depend on, is a table of `app/hot_routes.py`. While Redis is away nothing
is kept, and everything comes from PostgreSQL.
"""

import asyncio
import contextlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mestore.core import metrics
from mestore.core.client_address import Network, client_address, household
from mestore.core.freshness import Freshness

Headers = list[tuple[bytes, bytes]]
TagsOf = Callable[[str], tuple[str, ...] | None]
"""The tags that the answer at a path depends on; None where answers are not kept."""

_AWAY = (RedisError, OSError, TimeoutError)
_PERSONAL = (b"ratelimit", b"ratelimit-policy", b"x-request-id", b"set-cookie")
_MOST_HOSTS = 32
_LARGEST = 512 * 1024


@dataclass(slots=True)
class Ready:
    """An answer: its headers without what belongs to one request, its body, and until when it is good."""

    headers: Headers
    body: bytes
    etag: bytes
    slots: tuple[int, ...]
    values: tuple[int, ...]
    until: float


class Store:
    """The ready answers of this process, the least recently used forgotten first."""

    def __init__(self, freshness: Freshness, redis: Redis, *, seconds: int, max_bytes: int) -> None:
        """`seconds`: how long an answer is kept at most; with 0 none is."""
        self.freshness = freshness
        self.redis = redis
        self.seconds = seconds
        self._max_bytes = max_bytes
        self._bytes = 0
        self._answers: OrderedDict[tuple[str, bytes], Ready] = OrderedDict()
        self.hosts: set[bytes] = set()
        """Spellings of `Host` that the gate has let pass."""

    def get(self, key: tuple[str, bytes]) -> Ready | None:
        answer = self._answers.get(key)
        if answer is None:
            return None
        if answer.until < time.monotonic() or not self.freshness.is_good(answer.slots, answer.values):
            self._forget(key)
            return None
        self._answers.move_to_end(key)
        return answer

    def put(self, key: tuple[str, bytes], answer: Ready) -> None:
        self._forget(key)
        if len(answer.body) > _LARGEST:
            return
        self._answers[key] = answer
        self._bytes += len(answer.body)
        while self._bytes > self._max_bytes:
            self._forget(next(iter(self._answers)))

    def _forget(self, key: tuple[str, bytes]) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            self._bytes -= len(answer.body)


class Front:
    """Answers what is ready, before anything else looks at the request.

    A hit is counted in this process alone, in windows of a minute: the limit of everything holds for each process, and
    who has used it up goes the long way, where Redis counts.
    """

    def __init__(
        self,
        app: ASGIApp,
        store_of: Callable[[], Store | None],
        *,
        quota: int,
        window: int,
        proxies: tuple[Network, ...],
        headers: Iterable[tuple[bytes, bytes]],
    ) -> None:
        self._app = app
        self._store_of = store_of
        self._quota, self._window = quota, window
        self._policy = f'"everything";q={quota};w={window}'.encode()
        self._proxies = proxies
        self._headers = list(headers)
        self._counts: dict[str, int] = {}
        self._counting_until = 0.0
        self._names = iter(_request_ids())
        self._hits = metrics.hot_reads.labels("front")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        store = self._store_of()
        if store is None or scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        answer = store.get((scope["path"], scope["query_string"]))
        known = _plainly_asked(scope["headers"], store.hosts) if answer is not None else None
        if answer is None or known is None:
            await self._app(scope, receive, send)
            return
        now = time.monotonic()
        if now >= self._counting_until:
            self._counts.clear()
            self._counting_until = now + self._window
        whose = _household(scope, self._proxies)
        counted = self._counts.get(whose, 0) + 1
        if counted > self._quota:
            await self._app(scope, receive, send)
            return
        self._counts[whose] = counted
        self._hits.inc()
        left = f'"everything";r={self._quota - counted};t={int(self._counting_until - now) + 1}'
        own = (
            (b"ratelimit-policy", self._policy),
            (b"ratelimit", left.encode()),
            (b"x-request-id", next(self._names)),
        )
        await _answer(answer, known, (*self._headers, *own), send)


class HotReads:
    """Keeps public answers ready, and lets only one request at a time make each of them."""

    def __init__(self, app: ASGIApp, store_of: Callable[[], Store | None], tags_of: TagsOf) -> None:
        self._app = app
        self._store_of = store_of
        self._tags_of = tags_of
        self._being_made: dict[tuple[str, bytes], asyncio.Future[Ready | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        store = self._store_of()
        tags = self._tags_of(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if store is None or tags is None or not store.freshness.connected or _says_who(scope["headers"]):
            await self._app(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"])
        answer = store.get(key) or await self._one_at_a_time(key, store, tags, scope, receive, send)
        if answer is not None:
            await _answer(answer, _if_none_match(scope["headers"]), (), send)

    async def _one_at_a_time(
        self, key: tuple[str, bytes], store: Store, tags: tuple[str, ...], scope: Scope, receive: Receive, send: Send
    ) -> Ready | None:
        """The answer at `key`; None when it has been sent already, being none that is kept.

        Who waited for an answer that turns out to be none to keep is answered by itself, at the same time as the rest.
        """
        if (other := self._being_made.get(key)) is not None:
            answer = await asyncio.shield(other)
            if answer is None:
                await self._app(scope, receive, send)
            else:
                metrics.hot_reads.labels("waited").inc()
            return answer
        mine: asyncio.Future[Ready | None] = asyncio.get_running_loop().create_future()
        self._being_made[key] = mine
        answer = None
        try:
            answer = await self._found_or_made(key, store, tags, scope, receive, send)
        finally:
            del self._being_made[key]
            mine.set_result(answer)
        return answer

    async def _found_or_made(
        self, key: tuple[str, bytes], store: Store, tags: tuple[str, ...], scope: Scope, receive: Receive, send: Send
    ) -> Ready | None:
        slots = store.freshness.slots(tags)
        values = store.freshness.values(slots)
        until = time.monotonic() + store.seconds
        name = f"hot:{key[0]}?{key[1].decode('latin-1')}"
        try:
            found, values_there = await store.freshness.values_in_redis(tags, besides=name)
        except _AWAY:
            await self._app(scope, receive, send)
            return None
        kept = _unpacked(found, values_there) if found else None
        if kept is not None:
            metrics.hot_reads.labels("redis").inc()
            answer = Ready(kept.headers, kept.body, kept.etag, slots, values, until)
            store.put(key, answer)
            return answer
        metrics.hot_reads.labels("made").inc()
        made = await _made(self._app, scope, receive, send)
        if made is None:
            return None
        headers, body = made
        etag = next(value for name_, value in headers if name_ == b"etag")
        answer = Ready(headers, body, etag, slots, values, until)
        for header, value in scope["headers"]:
            if header == b"host" and len(store.hosts) < _MOST_HOSTS:
                store.hosts.add(value)
        store.put(key, answer)
        with contextlib.suppress(*_AWAY):
            await store.redis.set(name, _packed(answer, values_there), ex=max(1, store.seconds))
        return answer


async def _made(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> tuple[Headers, bytes] | None:
    """What the application answers, if it is one to keep; any other has been sent on, and the result is None.

    Asked without `If-None-Match`: one who has the answer already must not leave the others without it.
    """
    inner = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"if-none-match"]}
    head: Message = {}
    body = bytearray()
    passing = False

    async def catch(message: Message) -> None:
        nonlocal head, passing
        if message["type"] == "http.response.start":
            head = message
            said = dict(message["headers"])
            passing = message["status"] != 200 or b"etag" not in said or said.get(b"cache-control") == b"no-store"
        if passing:
            await send(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(inner, receive, catch)
    for known in ("route", "user_id"):  # what the gate's log and figures want to know
        if known in inner:
            scope[known] = inner[known]
    if passing or not head:
        return None
    return [each for each in head["headers"] if each[0] not in _PERSONAL], bytes(body)


async def _answer(answer: Ready, has: bytes, more: Iterable[tuple[bytes, bytes]], send: Send) -> None:
    if has and answer.etag in {tag.strip().removeprefix(b"W/") for tag in has.split(b",")}:
        kept = [each for each in answer.headers if each[0] not in (b"content-length", b"content-type")]
        await send({"type": "http.response.start", "status": 304, "headers": [*kept, *more]})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [*answer.headers, *more]})
    await send({"type": "http.response.body", "body": answer.body})


def _plainly_asked(headers: Headers, hosts: set[bytes]) -> bytes | None:
    """What `If-None-Match` says, or nothing; None when this is a request that the gate must look at."""
    has = b""
    host_is_known = False
    for name, value in headers:
        if name == b"host":
            host_is_known = value in hosts
        elif name == b"if-none-match":
            has = value
        elif name in (b"authorization", b"origin", b"x-request-id", b"cookie"):
            return None
    return has if host_is_known else None


def _says_who(headers: Headers) -> bool:
    return any(name in (b"authorization", b"cookie") for name, _ in headers)


def _if_none_match(headers: Headers) -> bytes:
    return next((value for name, value in headers if name == b"if-none-match"), b"")


def _household(scope: Scope, proxies: tuple[Network, ...]) -> str:
    if proxies:
        return household(client_address(scope, proxies))
    peer = scope.get("client")
    return household(peer[0] if peer else None)


def _request_ids() -> Iterable[bytes]:
    """Names for requests that nobody logs: the process's own random start, counted on."""
    start, number = secrets.token_hex(8), 0
    while True:
        number += 1
        yield b"%s-%d" % (start.encode(), number)


def _packed(answer: Ready, values: list[bytes]) -> bytes:
    head = {
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.headers],
        "values": [value.decode() for value in values],
    }
    written = orjson.dumps(head)
    return b"%d\n%s%s" % (len(written), written, answer.body)


@dataclass(frozen=True)
class _Kept:
    headers: Headers
    body: bytes
    etag: bytes


def _unpacked(raw: bytes, values: list[bytes]) -> _Kept | None:
    """What lay in Redis, if nothing that it depends on has changed since."""
    length, _, rest = raw.partition(b"\n")
    head = orjson.loads(rest[: int(length)])
    if [value.encode() for value in head["values"]] != values:
        return None
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]]
    return _Kept(headers, rest[int(length) :], next(value for name, value in headers if name == b"etag"))
