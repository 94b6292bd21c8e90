from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from mestore.core.world import gateways_client
from tests.payments.gateways.contract import Stage
from tests.payments.gateways.stages import PayuStage, WompiStage
from tests.sandbox.running import RunningSandbox


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """As the world's."""
    async with gateways_client() as client:
        yield client


@pytest.fixture
def wompi(http: aiohttp.ClientSession, sandbox: RunningSandbox) -> Stage:
    return WompiStage(http, sandbox)


@pytest.fixture
def payu(http: aiohttp.ClientSession, sandbox: RunningSandbox) -> Iterator[PayuStage]:
    stage = PayuStage(http, sandbox)
    yield stage
    stage.shop.http.close()
