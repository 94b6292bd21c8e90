from collections.abc import Iterator
from dataclasses import replace

import aiohttp
import pytest

from mestore.payments.gateways.base import RefundAnswer, RefundWish, Refused
from mestore.payments.states import RefundStatus
from tests.payments.gateways.contract import AMOUNT
from tests.payments.gateways.efecty_stage import EfectyStage
from tests.payments.gateways.refund_contract import PART, RefundContract, RefundStage
from tests.payments.gateways.refund_stages import PayuRefundStage, WompiRefundStage
from tests.payments.gateways.stages import PayuStage
from tests.sandbox.running import RunningSandbox


@pytest.fixture
def wompi_refunds(http: aiohttp.ClientSession, sandbox: RunningSandbox) -> Iterator[WompiRefundStage]:
    stage = WompiRefundStage(http, sandbox)
    yield stage
    stage.close()


class TestWompi(RefundContract):
    @pytest.fixture
    def refunds(self, wompi_refunds: WompiRefundStage) -> RefundStage:
        return wompi_refunds


class TestPayu(RefundContract):
    @pytest.fixture
    def refunds(self, payu: PayuStage) -> RefundStage:
        return PayuRefundStage(payu)


class TestEfecty:
    @pytest.fixture
    def efecty(self, http: aiohttp.ClientSession, sandbox: RunningSandbox) -> Iterator[EfectyStage]:
        stage = EfectyStage(http, sandbox)
        yield stage
        stage.shop.close()

    async def test_cash_does_not_go_back(self, efecty: EfectyStage) -> None:
        wish = RefundWish("refund-1", "MKTx1", AMOUNT, AMOUNT, "Devolución")
        assert efecty.client.refundable == frozenset()
        with pytest.raises(Refused):
            await efecty.client.refund(wish)
        assert await efecty.client.find_refund(wish) is None


async def test_a_void_that_is_asked_for_twice_is_one(wompi_refunds: WompiRefundStage) -> None:
    wish = await wompi_refunds.wish(AMOUNT)
    await wompi_refunds.client.refund(wish)
    wompi_refunds.decide(wish, made=True)
    again = await wompi_refunds.client.refund(wish)
    assert again == RefundAnswer(RefundStatus.MADE, wish.transaction_id)
    assert wompi_refunds.seen(wish) == 1


async def test_what_can_t_be_voided_any_more_is_refunded(
    wompi_refunds: WompiRefundStage, sandbox: RunningSandbox
) -> None:
    whole = await wompi_refunds.wish(AMOUNT)
    sandbox.control("void_window", seconds=0)
    assert (await wompi_refunds.client.refund(whole)).status is RefundStatus.PROCESSING
    sandbox.control("decide_refund", reference=whole.reference, status="APPROVED")
    found = await wompi_refunds.client.find_refund(whole)
    assert found is not None
    assert found.status is RefundStatus.MADE
    assert sandbox.transactions()[0]["status"] == "APPROVED"


async def test_two_refunds_of_one_payment_are_told_apart(wompi_refunds: WompiRefundStage) -> None:
    first = await wompi_refunds.wish(PART)
    second = replace(first, reference=f"{first.reference}-2")
    await wompi_refunds.client.refund(first)
    wompi_refunds.decide(first, made=True)
    assert await wompi_refunds.client.find_refund(second) is None
    await wompi_refunds.client.refund(second)
    found = await wompi_refunds.client.find_refund(second)
    assert found is not None
    assert found.status is RefundStatus.PROCESSING


async def test_payu_does_not_take_another_s_refund_for_ours(payu: PayuStage) -> None:
    stage = PayuRefundStage(payu)
    wish = await stage.wish(PART)
    await stage.client.refund(wish)
    stage.decide(wish, made=True)
    other = replace(wish, amount=AMOUNT - PART)
    assert await stage.client.find_refund(other) is None
    assert await stage.client.refund(other) == RefundAnswer(RefundStatus.PROCESSING, None)
