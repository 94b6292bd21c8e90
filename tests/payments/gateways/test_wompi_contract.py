import pytest

from mestore.payments.gateways.base import NotCharged
from tests.payments.gateways.contract import GatewayContract, Stage
from tests.sandbox.running import RunningSandbox


class TestWompi(GatewayContract):
    @pytest.fixture
    def stage(self, wompi: Stage) -> Stage:
        return wompi


async def test_f26_its_terms_may_be_refused_for_a_while_too(wompi: Stage, sandbox: RunningSandbox) -> None:
    sandbox.control("fail_next", call="GET /merchants/info", mode="429")
    with pytest.raises(NotCharged) as refused:
        await wompi.client.start(wompi.attempt())
    assert refused.value.retry_after == 30
