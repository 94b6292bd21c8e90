"""The sandbox's process: one loop serving HTTP and SMTP."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator

import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.core.settings import Settings
from mestore.sandbox.bank_page import BankPage
from mestore.sandbox.control import Control
from mestore.sandbox.gateway import build_gateway
from mestore.sandbox.inbox import Inbox
from mestore.sandbox.pages import Pages
from mestore.sandbox.payu_parts import Payu
from mestore.sandbox.payvalida_parts import Payvalida
from mestore.sandbox.store import Store
from mestore.sandbox.wompi_api import WompiApi
from mestore.sandbox.wompi_checkout import WompiCheckout
from mestore.sandbox.wompi_refunds import WompiRefunds

logger = logging.getLogger(__name__)

BACKLOG = 1_024
STOP_SECONDS = 3
"""A caller who keeps a connection open does not keep the sandbox alive longer than this."""


class Sandbox:
    """The parts, tied together. The store is opened here, ports and tasks only when the application starts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.sandbox
        self._store = Store(settings.data_dir / "sandbox.sqlite")
        gateway = build_gateway(settings, self._store)
        self.faults = gateway.faults
        self._courier = gateway.courier
        self._payvalida = Payvalida(settings, gateway)
        self._payu = Payu(settings, gateway)
        self._inbox = Inbox(self._store, gateway.faults)
        self._smtp: asyncio.Server | None = None
        self._rounds: asyncio.Task[None] | None = None
        self._notifications: asyncio.Task[None] | None = None
        self._confirmations: asyncio.Task[None] | None = None
        self.application = Starlette(
            routes=[
                Route("/health", self.health),
                *WompiApi(gateway).routes(),
                *WompiRefunds(gateway).routes(),
                *BankPage(gateway).routes(),
                *WompiCheckout(gateway).routes(),
                *self._payvalida.routes,
                *self._payu.routes,
                *self._inbox.routes(),
                *Control(gateway).routes(),
                *Pages(self._inbox, gateway.ledger, gateway.courier).routes(),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        self._smtp = await loop.create_server(
            self._inbox.smtp_protocol, self._settings.host, self._settings.smtp_port, backlog=BACKLOG
        )
        self._rounds = asyncio.create_task(self._courier.run())
        self._notifications = asyncio.create_task(self._payvalida.courier.run())
        self._confirmations = asyncio.create_task(self._payu.courier.run())
        yield
        self._smtp.close()
        self._rounds.cancel()
        self._notifications.cancel()
        self._confirmations.cancel()
        await self._courier.close()
        await self._payvalida.courier.close()
        await self._payu.courier.close()
        self._store.close()

    async def health(self, _: Request) -> Response:
        smtp = self._smtp is not None and self._smtp.is_serving()
        rounds = (self._rounds, self._notifications, self._confirmations)
        events = all(task is not None and not task.done() for task in rounds)
        well = smtp and events
        return JSONResponse(
            {"status": "ok" if well else "failed", "smtp": smtp, "events": events}, 200 if well else 503
        )


def create_sandbox(settings: Settings) -> Starlette:
    return Sandbox(settings).application


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    host = settings.sandbox.host
    _require_free(host, settings.sandbox.port, "MESTORE_SANDBOX_PORT")
    _require_free(host, settings.sandbox.smtp_port, "MESTORE_SANDBOX_SMTP_PORT")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


def _require_free(host: str, port: int, setting: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SystemExit(
                f"The sandbox cannot listen on {host}:{port} ({error.strerror}): set {setting}."
            ) from error


async def _serve(settings: Settings) -> None:
    sandbox = Sandbox(settings)
    host, port = settings.sandbox.host, settings.sandbox.port
    server = Server(
        sandbox.application,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        backlog=BACKLOG,
        websockets=False,
        log_level=LogLevels.error,
    )
    server.workers_kill_timeout = STOP_SECONDS

    def stop() -> None:
        sandbox.faults.release()
        server.stop()  # type: ignore[no-untyped-call]

    loop = asyncio.get_running_loop()
    for stopping in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stopping, stop)
    logger.info("sandbox on http://%s:%s, SMTP on port %s", host, port, settings.sandbox.smtp_port)
    await server.serve()
