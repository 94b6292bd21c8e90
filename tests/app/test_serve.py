"""The server's signals, which the tests of kill -9 and of deploys send to a whole one."""

import signal

from granian.constants import Interfaces

from mestore.app.farewell import Leave
from mestore.app.serve import Server
from tests.app.interrupting import interrupted_everywhere


def test_a_signal_is_noticed_at_whatever_moment_it_comes() -> None:
    server = Server(Leave(), 0, interface=Interfaces.ASGI)

    def wait() -> None:
        server.main_loop_interrupt.wait()

    assert interrupted_everywhere(wait, lambda: server.signal_handler_interrupt(signal.SIGTERM))
    assert server.interrupt_signal
