import pytest

from tests.payments.gateways.contract import GatewayContract, Stage
from tests.payments.gateways.stages import PayuStage


class TestPayu(GatewayContract):
    @pytest.fixture
    def stage(self, payu: PayuStage) -> Stage:
        return payu
