"""What the client of every gateway that sends money back must do, with the simulated gateway's process."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Literal

import pytest

from mestore.core.money import Money
from mestore.payments.gateways.base import Gateway, NotCharged, OutcomeUnknown, RefundWish, Refused
from mestore.payments.states import PaymentMethod, RefundStatus
from tests.payments.gateways.contract import AMOUNT, SILENT

PART = Money(50_000)
NONSENSE = ["500", "502_html", "html_200", "redirect_302", "huge_200", "nul_200"]


class RefundStage(ABC):
    client: Gateway
    nobody_there: Gateway

    @abstractmethod
    async def wish(self, amount: Money) -> RefundWish:
        """Of a new card payment of AMOUNT, long enough ago. What is asked for then waits to be decided."""

    @abstractmethod
    def decide(self, wish: RefundWish, *, made: bool) -> None:
        """The gateway sends a part that waits, or declines it; and voids what is to be voided."""

    @abstractmethod
    def fail(self, question: Literal["refund", "find"], mode: str, wish: RefundWish) -> None:
        """The next such call fails in this way."""

    @abstractmethod
    def seen(self, wish: RefundWish) -> int:
        """How many times the gateway was to send this money."""

    @abstractmethod
    def unknown(self, wish: RefundWish) -> RefundWish:
        """The same of a transaction that the gateway does not know."""


class RefundContract:
    def test_it_is_of_cards(self, refunds: RefundStage) -> None:
        assert refunds.client.refundable == {PaymentMethod.CARD}

    @pytest.mark.parametrize("amount", [PART, AMOUNT])
    async def test_money_goes_back_once_it_is_decided(self, refunds: RefundStage, amount: Money) -> None:
        wish = await refunds.wish(amount)
        assert await refunds.client.find_refund(wish) is None
        asked = await refunds.client.refund(wish)
        assert asked.status is RefundStatus.PROCESSING
        waiting = await refunds.client.find_refund(wish)
        assert waiting is None or waiting.status is RefundStatus.PROCESSING
        refunds.decide(wish, made=True)
        made = await refunds.client.find_refund(wish)
        assert made is not None
        assert made.status is RefundStatus.MADE
        assert made.reference
        assert refunds.seen(wish) == 1

    async def test_what_the_gateway_declines_was_not_sent(self, refunds: RefundStage) -> None:
        wish = await refunds.wish(PART)
        await refunds.client.refund(wish)
        refunds.decide(wish, made=False)
        found = await refunds.client.find_refund(wish)
        assert found is not None
        assert found.status is RefundStatus.FAILED

    async def test_without_a_connection_nothing_was_sent(self, refunds: RefundStage) -> None:
        wish = await refunds.wish(PART)
        with pytest.raises(NotCharged):
            await refunds.nobody_there.refund(wish)
        with pytest.raises(OutcomeUnknown):
            await refunds.nobody_there.find_refund(wish)
        assert refunds.seen(wish) == 0

    async def test_too_many_requests_send_nothing(self, refunds: RefundStage) -> None:
        wish = await refunds.wish(PART)
        refunds.fail("refund", "429", wish)
        with pytest.raises(NotCharged):
            await refunds.client.refund(wish)
        assert refunds.seen(wish) == 0

    @pytest.mark.parametrize("mode", [*SILENT, *NONSENSE])
    async def test_without_an_answer_it_is_found_if_it_arrived(self, refunds: RefundStage, mode: str) -> None:
        wish = await refunds.wish(PART)
        refunds.fail("refund", mode, wish)
        with pytest.raises(OutcomeUnknown):
            await refunds.client.refund(wish)
        arrived = mode == "timeout_after_processing"
        assert (await refunds.client.find_refund(wish) is not None) == arrived == (refunds.seen(wish) == 1)

    @pytest.mark.parametrize("mode", ["timeout_after_processing", "502_html"])
    async def test_a_whole_payment_too(self, refunds: RefundStage, mode: str) -> None:
        wish = await refunds.wish(AMOUNT)
        refunds.fail("refund", mode, wish)
        with pytest.raises(OutcomeUnknown):
            await refunds.client.refund(wish)
        refunds.decide(wish, made=True)
        found = await refunds.client.find_refund(wish)
        arrived = mode == "timeout_after_processing"
        assert (found is not None and found.status is RefundStatus.MADE) == arrived == (refunds.seen(wish) == 1)

    @pytest.mark.parametrize("mode", ["timeout_before_processing", "reset", *NONSENSE])
    async def test_no_answer_to_a_question_is_no_answer(self, refunds: RefundStage, mode: str) -> None:
        wish = await refunds.wish(PART)
        await refunds.client.refund(wish)
        refunds.fail("find", mode, wish)
        with pytest.raises(OutcomeUnknown):
            await refunds.client.find_refund(wish)
        assert await refunds.client.find_refund(wish) is not None

    async def test_what_the_gateway_refuses_is_not_sent(self, refunds: RefundStage) -> None:
        wish = await refunds.wish(PART)
        with pytest.raises(Refused):
            await refunds.client.refund(replace(wish, amount=AMOUNT + PART))
        with pytest.raises(Refused):
            await refunds.client.refund(refunds.unknown(wish))
        with pytest.raises(Refused):
            await refunds.client.refund(replace(refunds.unknown(wish), amount=AMOUNT))
        assert refunds.seen(wish) == 0
