from collections.abc import Iterator

import pytest

from .payu_shop import PayuShop
from .payvalida_shop import PayvalidaShop
from .running import RunningSandbox
from .shop import Shop, Webhook


@pytest.fixture(scope="session")
def _webhook_server() -> Iterator[Webhook]:
    webhook = Webhook()
    yield webhook
    webhook.close()


@pytest.fixture(scope="session")
def _sandbox_process(tmp_path_factory: pytest.TempPathFactory, _webhook_server: Webhook) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("sandbox"), api_port=_webhook_server.port) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox_process: RunningSandbox) -> RunningSandbox:
    """Empty, and settling at once."""
    _sandbox_process.control("reset")
    _sandbox_process.control("settle_delay", min=0, max=0)
    return _sandbox_process


@pytest.fixture
def webhook(_webhook_server: Webhook, sandbox: RunningSandbox) -> Webhook:
    _webhook_server.status = 200
    _webhook_server.received.clear()
    return _webhook_server


@pytest.fixture(scope="session")
def _shop(_sandbox_process: RunningSandbox) -> Iterator[Shop]:
    shop = Shop(_sandbox_process)
    yield shop
    shop.http.close()


@pytest.fixture
def shop(_shop: Shop, sandbox: RunningSandbox) -> Shop:
    return _shop


@pytest.fixture
def payu_shop(sandbox: RunningSandbox, webhook: Webhook) -> Iterator[PayuShop]:
    """Its confirmations go to `webhook`."""
    shop = PayuShop(sandbox, f"http://127.0.0.1:{webhook.port}/")
    yield shop
    shop.http.close()


@pytest.fixture
def payvalida(sandbox: RunningSandbox) -> Iterator[PayvalidaShop]:
    shop = PayvalidaShop(sandbox)
    yield shop
    shop.close()
