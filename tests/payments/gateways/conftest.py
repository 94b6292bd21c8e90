from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.payments.gateways.contract import Stage
from tests.payments.gateways.stages import PayuStage, WompiStage
from tests.sandbox.running import RunningSandbox


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """As the world's: redirects are never followed."""
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        yield client


@pytest.fixture
def wompi(http: httpx.AsyncClient, sandbox: RunningSandbox) -> Stage:
    return WompiStage(http, sandbox)


@pytest.fixture
def payu(http: httpx.AsyncClient, sandbox: RunningSandbox) -> Iterator[PayuStage]:
    stage = PayuStage(http, sandbox)
    yield stage
    stage.shop.http.close()
