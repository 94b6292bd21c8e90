"""What every gateway's client must do, over real HTTP with the simulated gateway's process.

A gateway brings a `Stage`: its client, and the levers of its simulator.
"""

from abc import ABC, abstractmethod
from typing import Literal

import pytest

from mestore.core.money import Money
from mestore.payments.errors import WrongSignature
from mestore.payments.gateways.base import Attempt, Charge, Gateway, NotCharged, OutcomeUnknown, Refused
from mestore.payments.states import PaymentStatus

Question = Literal["start", "find"]
SILENT = ["timeout_after_processing", "timeout_before_processing", "reset"]
NONSENSE = ["500", "502_html", "html_200", "429", "redirect_302", "huge_200", "nul_200"]
AMOUNT = Money(150_000)


class Stage(ABC):
    client: Gateway
    nobody_there: Gateway
    """The same client, at an address where nothing listens."""

    @abstractmethod
    def attempt(self) -> Attempt:
        """One of AMOUNT under a new reference, that waits for its buyer."""

    @abstractmethod
    def hopeless(self) -> Attempt:
        """One that the gateway refuses."""

    @abstractmethod
    def fail(self, question: Question, mode: str) -> None:
        """The next such call fails in this way."""

    @abstractmethod
    def decide(self, charge: Charge, status: PaymentStatus, *, amount: Money | None = None) -> None:
        """The buyer's bank does it; `amount` is what the gateway takes instead."""

    @abstractmethod
    def webhook(self, charge: Charge) -> bytes:
        """The body of the newest announcement about it."""

    @abstractmethod
    def forged(self, charge: Charge) -> bytes:
        """The same, signed by somebody who guessed the secret."""

    @abstractmethod
    def seen(self, reference: str) -> int:
        """How many transactions of a reference the gateway has."""


class GatewayContract:
    async def test_a_charge_waits_for_its_buyer(self, stage: Stage) -> None:
        attempt = stage.attempt()
        charge = await stage.client.start(attempt)
        assert (charge.reference, charge.status) == (attempt.reference, PaymentStatus.PENDING)
        assert (charge.amount, charge.currency) == (AMOUNT, "COP")
        assert charge.payment_url is not None
        assert charge.transaction_id
        assert stage.seen(attempt.reference) == 1

    @pytest.mark.parametrize("status", [PaymentStatus.APPROVED, PaymentStatus.DECLINED, PaymentStatus.ERROR])
    async def test_both_questions_tell_the_end(self, stage: Stage, status: PaymentStatus) -> None:
        begun = await stage.client.start(stage.attempt())
        stage.decide(begun, status)
        for found in (
            await stage.client.find(begun.reference),
            await stage.client.find_transaction(begun.transaction_id),
        ):
            assert found is not None
            assert (found.reference, found.transaction_id) == (begun.reference, begun.transaction_id)
            assert (found.status, found.amount, found.currency) == (status, AMOUNT, "COP")

    async def test_another_amount_is_told_as_it_is(self, stage: Stage) -> None:
        begun = await stage.client.start(stage.attempt())
        stage.decide(begun, PaymentStatus.APPROVED, amount=Money(1_500))
        found = await stage.client.find(begun.reference)
        assert found is not None
        assert (found.status, found.amount) == (PaymentStatus.APPROVED, Money(1_500))

    async def test_what_the_gateway_never_saw_is_not_there(self, stage: Stage) -> None:
        begun = await stage.client.start(stage.attempt())
        assert await stage.client.find("MKT-2026-999999-9") is None
        assert await stage.client.find_transaction(begun.transaction_id[:-1] + "_") is None

    async def test_a_refusal_says_so_and_charges_nothing(self, stage: Stage) -> None:
        attempt = stage.hopeless()
        with pytest.raises(Refused):
            await stage.client.start(attempt)
        assert stage.seen(attempt.reference) == 0

    async def test_without_a_connection_nothing_was_charged(self, stage: Stage) -> None:
        with pytest.raises(NotCharged):
            await stage.nobody_there.start(stage.attempt())

    async def test_without_a_connection_a_question_stays_open(self, stage: Stage) -> None:
        with pytest.raises(OutcomeUnknown):
            await stage.nobody_there.find("MKT-2026-000001-1")

    @pytest.mark.parametrize("mode", [*SILENT, *(mode for mode in NONSENSE if mode != "429")])
    async def test_f22_without_an_answer_the_outcome_is_unknown_and_the_reference_tells_it(
        self, stage: Stage, mode: str
    ) -> None:
        attempt = stage.attempt()
        stage.fail("start", mode)
        with pytest.raises(OutcomeUnknown):
            await stage.client.start(attempt)
        found = await stage.client.find(attempt.reference)
        charged = mode == "timeout_after_processing"
        assert (found is not None) == charged == (stage.seen(attempt.reference) == 1)

    async def test_f26_with_too_many_requests_nothing_was_charged(self, stage: Stage) -> None:
        attempt = stage.attempt()
        stage.fail("start", "429")
        with pytest.raises(NotCharged):
            await stage.client.start(attempt)
        assert stage.seen(attempt.reference) == 0

    @pytest.mark.parametrize("mode", ["timeout_before_processing", "reset", *NONSENSE])
    async def test_f27_no_answer_to_a_question_is_no_answer(self, stage: Stage, mode: str) -> None:
        begun = await stage.client.start(stage.attempt())
        stage.fail("find", mode)
        with pytest.raises(OutcomeUnknown):
            await stage.client.find(begun.reference)
        assert await stage.client.find(begun.reference) is not None

    async def test_an_announcement_leads_to_the_transaction(self, stage: Stage) -> None:
        begun = await stage.client.start(stage.attempt())
        stage.decide(begun, PaymentStatus.APPROVED)
        raw = stage.webhook(begun)
        announcement = stage.client.read_webhook(raw)
        assert announcement is not None
        assert announcement == stage.client.read_webhook(raw)
        assert len(announcement.dedupe_key) <= 200
        found = await stage.client.find_transaction(announcement.transaction_id)
        assert found is not None
        assert (found.reference, found.status) == (begun.reference, PaymentStatus.APPROVED)

    async def test_f42_a_forged_announcement_is_refused(self, stage: Stage) -> None:
        begun = await stage.client.start(stage.attempt())
        stage.decide(begun, PaymentStatus.DECLINED)
        with pytest.raises(WrongSignature):
            stage.client.read_webhook(stage.forged(begun))

    @pytest.mark.parametrize(
        "raw", [b"", b"{}", b"[]", b"null", b"{", b"\xff\xfe", b"a=b", b"sign=&sign=", b"{" * 5_000, b"=&" * 400]
    )
    async def test_f47_what_is_no_announcement_is_refused(self, stage: Stage, raw: bytes) -> None:
        with pytest.raises(WrongSignature):
            stage.client.read_webhook(raw)
