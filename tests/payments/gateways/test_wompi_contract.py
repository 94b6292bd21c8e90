import pytest

from tests.payments.gateways.contract import GatewayContract, Stage


class TestWompi(GatewayContract):
    @pytest.fixture
    def stage(self, wompi: Stage) -> Stage:
        return wompi
