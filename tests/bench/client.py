"""A client that costs little: plain sockets, requests sent ahead of their answers, answers only counted.

A client in Python that reads each answer properly would cost more than the server, and every ratio would be near one.
"""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

_MARK = b"HTTP/1.1 "


class Unexpected(Exception):
    """The server said something else than what was expected."""


@dataclass
class _Connection:
    socket: socket.socket
    tail: bytes = b""


def requests_per_second(port: int, path: str, *, seconds: float, connections: int, ahead: int) -> float:
    """So many times a second `path` was answered with 200: see `answers_per_second`."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    return answers_per_second(port, lambda: request, seconds=seconds, connections=connections, ahead=ahead)


def answers_per_second(
    port: int, new_request: Callable[[], bytes], *, status: int = 200, seconds: float, connections: int, ahead: int = 1
) -> float:
    """So many answers a second came over `connections` connections, each with `ahead` requests under way.

    Raises:
        Unexpected: an answer had another status than `status`.
    """
    expected = _MARK + f"{status} ".encode()
    selector = selectors.DefaultSelector()
    opened = [_Connection(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
    answered = 0
    try:
        for connection in opened:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.socket.sendall(b"".join(new_request() for _ in range(ahead)))
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            for key, _ in selector.select(timeout=1):
                connection = key.data
                came = _answers(connection, expected)
                answered += came
                if came:
                    connection.socket.sendall(b"".join(new_request() for _ in range(came)))
        return answered / (time.perf_counter() - begin)
    finally:
        for connection in opened:
            connection.socket.close()
        selector.close()


def _answers(connection: _Connection, expected: bytes) -> int:
    """How many answers began in what has come."""
    received = connection.socket.recv(1 << 18)
    if not received:
        raise Unexpected("a connection was closed")
    data = connection.tail + received
    came = data.count(_MARK)
    if came != data.count(expected):
        at = next(i for i in range(len(data)) if data.startswith(_MARK, i) and not data.startswith(expected, i))
        if len(data) - at >= len(expected):
            raise Unexpected(repr(data[at : at + 600]))
    # What could be the beginning of a mark waits for the rest of it.
    last = data.rfind(b"H", max(0, len(data) - len(expected) + 1))
    connection.tail = data[last:] if last >= 0 and expected.startswith(data[last:]) else b""
    return came - (connection.tail.count(_MARK))
