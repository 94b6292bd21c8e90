"""Whether a port can be had, asked before anything starts."""

import contextlib
import socket
import time

KILLED_SECONDS = 3
"""How long the children of a killed `mestore up` may keep a port."""


class PortInUse(Exception):
    """The message is one sentence for the person at the terminal."""


def check_port_is_free(host: str, port: int, setting: str) -> None:
    """Granian shares its port with anybody who asks for that, so the second of two would start without an error."""
    deadline = time.monotonic() + KILLED_SECONDS
    while (refused := _refusal(host, port)) is not None:
        if time.monotonic() > deadline:
            raise PortInUse(
                f"port {port} on {host} cannot be used ({refused}{_user_of(port)}): "
                f"choose another with {setting}, as in `{setting}={port + 1000} make up`"
            )
        time.sleep(0.1)


def _refusal(host: str, port: int) -> str | None:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # those that wait after a close do no harm
            probe.bind(address)
    except OSError as refused:
        return refused.strerror or str(refused)
    return None


def _user_of(port: int) -> str:
    with contextlib.suppress(Exception):  # only to say it better
        import psutil  # type: ignore[import-untyped]  # noqa: PLC0415

        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by process {connection.pid}, {psutil.Process(connection.pid).name()}"
    return ""
