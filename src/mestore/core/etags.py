"""`ETag` on what is read: a client that has it already is told so with a 304 and no body (RFC 9110, 8.8.3 and 13.1.2).

The tag is a hash of the answer's bytes, so it can't be wrong; what a 304 saves is the client's time, not ours. An
answer whose length nobody knows beforehand passes as it comes, without a tag.
"""

import hashlib

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mestore.core.errors import Stale

_READS = ("GET", "HEAD")


class ETags:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _READS or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        head: Message = {}
        body = bytearray()
        passes = False

        async def send_tagged(message: Message) -> None:
            nonlocal head, passes
            if message["type"] == "http.response.start":
                head = message
                passes = all(name != b"content-length" for name, _ in message["headers"])
                if not passes:
                    return
            if passes:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                await _answer(Request(scope), head, bytes(body), send)

        await self._app(scope, receive, send_tagged)


def tag_of(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def refuse_stale(if_match: str | None, *shown: str) -> None:
    """A change that was made up on what its caller saw (RFC 9110, 13.1.1).

    `shown` are the bodies that a read would give now, to one caller or another.

    Raises:
        Stale: `If-Match` names none of them.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if {each.strip() for each in if_match.split(",")}.isdisjoint(tag_of(body.encode()) for body in shown):
        raise Stale


async def _answer(request: Request, head: Message, body: bytes, send: Send) -> None:
    if head["status"] == 200:
        tag = tag_of(body)
        head["headers"] = [*head["headers"], (b"etag", tag.encode())]
        if _has(request.headers.get("if-none-match", ""), tag):
            # A 304 has no body, and says nothing of the one it stands for.
            kept = [each for each in head["headers"] if each[0] not in (b"content-length", b"content-type")]
            head, body = {**head, "status": 304, "headers": kept}, b""
    await send(head)
    await send({"type": "http.response.body", "body": body})


def _has(known: str, tag: str) -> bool:
    """Compared weakly, as reads are: a proxy that compressed the answer may have made `W/"…"` of the tag."""
    tags = {each.strip().removeprefix("W/") for each in known.split(",")}
    return tag in tags or "*" in tags
