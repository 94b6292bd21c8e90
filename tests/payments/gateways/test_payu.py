"""What only PayU has: cash, its page for cards, refunds, banks, and the many ways in which it says no."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from pydantic import SecretStr

from mestore.core.money import Money
from mestore.payments.errors import WrongSignature
from mestore.payments.gateways.base import Bank, Charge, OutcomeUnknown, RefundAnswer, RefundWish, Refused
from mestore.payments.gateways.calls import Answer
from mestore.payments.gateways.payu import PayuGateway
from mestore.payments.gateways.payu_answers import begun, charges_in, opened, refund_begun
from mestore.payments.gateways.payu_signatures import page_is_genuine
from mestore.payments.gateways.tries import counted
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus
from tests.payments.gateways.contract import AMOUNT
from tests.payments.gateways.stages import PayuStage, pse_attempt


def answer(status: int = 200, **body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (answer(code="ERROR", error="Invalid credentials", transactionResponse=None), Refused),
        (answer(code="ERROR", error="Credenciales inválidas", transactionResponse=None), Refused),
        (answer(code="ERROR", error="property: order.id, message: must not be null"), Refused),
        (answer(401, code="ERROR", error="Unauthorized"), Refused),
        (answer(422, code="ERROR", error="Unprocessable"), Refused),
        (answer(code="ERROR", error="Internal payment provider error"), OutcomeUnknown),
        (answer(code="ERROR", error=None), OutcomeUnknown),
        (answer(401), OutcomeUnknown),
        (answer(404, code="ERROR", error="no results"), OutcomeUnknown),
        (answer(429, code="ERROR", error="slow down"), OutcomeUnknown),
        (answer(500, code="ERROR", error="down"), OutcomeUnknown),
        (answer(503, code="ERROR", error="down"), OutcomeUnknown),
        (answer(503, code="SUCCESS"), OutcomeUnknown),
        (answer(302, code="SUCCESS"), OutcomeUnknown),
        (answer(code="PERHAPS"), OutcomeUnknown),
        (Answer(200, b"<html>"), OutcomeUnknown),
        (Answer(200, b"[]"), OutcomeUnknown),
        (Answer(200, b'{"code": "SUCCESS", "code": "SUCCESS"}'), OutcomeUnknown),
    ],
)
def test_each_way_of_saying_no(response: Answer, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        opened(response)


TRANSACTION = {"orderId": 1_400_449_740, "transactionId": "4d49e544-e23f-474e-92b1-59357e0e85e8"}


@pytest.mark.parametrize(
    ("state", "code", "status"),
    [
        ("APPROVED", "APPROVED", PaymentStatus.APPROVED),
        ("DECLINED", "INSUFFICIENT_FUNDS", PaymentStatus.DECLINED),
        ("DECLINED", "ANTIFRAUD_REJECTED", PaymentStatus.DECLINED),
        ("ERROR", "INTERNAL_PAYMENT_PROVIDER_ERROR", PaymentStatus.ERROR),
        ("EXPIRED", "EXPIRED_TRANSACTION", PaymentStatus.EXPIRED),
        ("PENDING", "PENDING_TRANSACTION_CONFIRMATION", PaymentStatus.PENDING),
        ("SUBMITTED", None, PaymentStatus.PENDING),
    ],
)
def test_each_state_of_a_submitted_transaction(state: str, code: str | None, status: PaymentStatus) -> None:
    """A decline is a success of the command, and no error."""
    body = {"transactionResponse": {**TRANSACTION, "state": state, "responseCode": code}}
    charge = begun(body, pse_attempt())
    assert (charge.status, charge.message) == (status, code)
    assert charge.transaction_id == "1400449740:4d49e544-e23f-474e-92b1-59357e0e85e8"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"transactionResponse": None},
        {"transactionResponse": {**TRANSACTION, "state": "PERHAPS"}},
        {"transactionResponse": {**TRANSACTION, "state": ["APPROVED"]}},
        {"transactionResponse": {"state": "APPROVED"}},
        {"transactionResponse": {**TRANSACTION, "orderId": "x", "state": "APPROVED"}},
    ],
)
def test_what_is_no_transaction_leaves_the_outcome_open(body: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        begun(body, pse_attempt())


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//bank.example", "https://" + "x" * 2_000, 7])
def test_an_address_that_is_none_is_not_handed_on(url: Any) -> None:
    told = {**TRANSACTION, "state": "PENDING", "extraParameters": {"BANK_URL": url}}
    assert begun({"transactionResponse": told}, pse_attempt()).payment_url is None


# Efecty's counters


async def test_a_slip_to_be_paid_at_the_counter(payu: PayuStage) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=30)
    charge = await payu.client.start(payu.cash(expires_at=until))
    assert charge.status is PaymentStatus.PENDING
    assert charge.instructions is not None
    assert charge.instructions.code == charge.transaction_id.partition(":")[0]
    assert (charge.instructions.barcode, charge.instructions.expires_at) == (None, until)
    assert charge.payment_url is not None
    page = payu.shop.http.get(charge.payment_url)
    assert charge.instructions.code in page.text
    assert "$ 150.000" in page.text
    found = await payu.client.find(charge.reference)
    assert found is not None
    assert found.instructions == charge.instructions


async def test_a_slip_is_paid_a_while_after_the_counter(payu: PayuStage) -> None:
    charge = await payu.client.start(payu.cash())
    payu.shop.control("pay_cash", order_id=int(charge.transaction_id.partition(":")[0]))
    assert (await payu.client.find_transaction(charge.transaction_id) or charge).status is PaymentStatus.PENDING
    payu.shop.control("advance_clock", seconds=901)
    assert (await payu.client.find_transaction(charge.transaction_id) or charge).status is PaymentStatus.APPROVED


async def test_a_slip_that_nobody_pays_expires(payu: PayuStage) -> None:
    charge = await payu.client.start(payu.cash())
    payu.shop.control("advance_clock", seconds=7 * 86_400 + 1)
    assert (await payu.client.find(charge.reference) or charge).status is PaymentStatus.EXPIRED
    announcement = payu.client.read_webhook(payu.webhook(charge))
    assert announcement is not None
    assert json.loads(announcement.verified)["state_pol"] == "5"


@pytest.mark.parametrize("amount", [19_999, 6_000_001])
async def test_counters_take_no_less_and_no_more(payu: PayuStage, amount: int) -> None:
    with pytest.raises(Refused):
        await payu.client.start(payu.cash(amount=Money(amount)))
    assert payu.shop.orders() == []


@pytest.mark.parametrize("amount", [20_000, 6_000_000])
async def test_counters_take_their_limits(payu: PayuStage, amount: int) -> None:
    charge = await payu.client.start(payu.cash(amount=Money(amount), iva=Money(0), iva_base=Money(0)))
    assert charge.amount == Money(amount)


# What is sent


async def test_pesos_on_the_wire_are_whole(payu: PayuStage) -> None:
    with pytest.raises(Refused, match="whole pesos"):
        await payu.client.start(pse_attempt(amount=Money("150000.50")))
    await payu.client.start(payu.attempt())
    assert payu.shop.orders()[0]["additionalValues"] == {
        "TX_VALUE": {"value": 150_000, "currency": "COP"},
        "TX_TAX": {"value": 23_950, "currency": "COP"},
        "TX_TAX_RETURN_BASE": {"value": 126_050, "currency": "COP"},
    }


async def test_pse_wants_to_know_where_the_buyer_sits(payu: PayuStage) -> None:
    with pytest.raises(Refused, match="address"):
        await payu.client.start(pse_attempt(device=None))
    await payu.client.start(pse_attempt())
    extra = payu.shop.orders()[0]["transactions"][0]["extraParameters"]
    assert (extra["USER_TYPE"], extra["PSE_REFERENCE1"], extra["FINANCIAL_INSTITUTION_CODE"]) == (
        "N",
        "203.0.113.7",
        "1022",
    )


async def test_a_company_pays_by_pse(payu: PayuStage) -> None:
    details = {"bank_code": "1007", "user_type": "COMPANY", "document_type": "NIT", "document_number": "901234567"}
    await payu.client.start(pse_attempt(details=details))
    extra = payu.shop.orders()[0]["transactions"][0]["extraParameters"]
    assert (extra["USER_TYPE"], extra["PSE_REFERENCE2"]) == ("J", "NIT")


@pytest.mark.parametrize("method", [PaymentMethod.NEQUI, PaymentMethod.BANCOLOMBIA])
async def test_other_methods_are_refused(payu: PayuStage, method: PaymentMethod) -> None:
    with pytest.raises(Refused):
        await payu.client.start(pse_attempt(method=method))
    assert payu.shop.orders() == []


@pytest.mark.parametrize("wrong", [{"api_key": SecretStr("wrong")}, {"api_login": "nobody"}, {"account_id": "1"}])
async def test_a_wrong_account_is_refused(payu: PayuStage, wrong: dict[str, Any]) -> None:
    stranger = PayuGateway(payu.http, payu.settings.model_copy(update=wrong))
    with pytest.raises(Refused):
        await stranger.start(payu.attempt())
    assert payu.shop.orders() == []


async def test_the_banks_of_today(payu: PayuStage) -> None:
    banks = await payu.client.banks()
    assert Bank("1022", "BANCO UNION COLOMBIANO") in banks
    assert len(banks) == 18
    with pytest.raises(OutcomeUnknown):
        await PayuGateway(payu.http, payu.settings.model_copy(update={"api_login": "nobody"})).banks()


# Cards


async def by_card(payu: PayuStage, *, form: dict[str, str] | None = None, **card: str) -> tuple[Charge, httpx.Response]:
    charge = await payu.client.start(payu.card())
    assert charge.form is not None
    page = payu.shop.open_checkout(dict(charge.form))
    return charge, payu.shop.pay_by_card(page, **card)


async def test_a_card_is_typed_on_payus_page(payu: PayuStage) -> None:
    attempt = payu.card()
    charge = await payu.client.start(attempt)
    assert (charge.status, charge.transaction_id, charge.payment_url) == (
        PaymentStatus.PENDING,
        attempt.reference,
        payu.settings.checkout_url,
    )
    assert await payu.client.find(attempt.reference) is None
    assert charge.form is not None
    page = payu.shop.open_checkout(dict(charge.form))
    assert "$ 150.000" in payu.shop.http.get(page).text
    back = payu.shop.pay_by_card(page)
    query = dict(parse_qsl(back.headers["location"].partition("?")[2]))
    assert back.headers["location"].startswith(attempt.return_url)
    assert page_is_genuine(query, payu.settings)
    assert query["lapTransactionState"] == "APPROVED"
    # The reference stands for the transaction until it is numbered.
    found = await payu.client.find_transaction(charge.transaction_id)
    assert found is not None
    assert (found.status, found.amount, found.reference) == (PaymentStatus.APPROVED, AMOUNT, attempt.reference)
    assert await payu.client.find_transaction(found.transaction_id) == found


@pytest.mark.parametrize(
    ("name", "value"), [("amount", "1500"), ("referenceCode", "OTHER-1"), ("currency", "USD"), ("merchantId", "1")]
)
async def test_a_form_that_was_altered_is_not_taken(payu: PayuStage, name: str, value: str) -> None:
    charge = await payu.client.start(payu.card())
    refused = payu.shop.http.post(charge.payment_url or "", data={**(charge.form or {}), name: value})
    assert refused.status_code == 400
    assert payu.shop.orders() == []


async def test_f36_a_declined_card_does_not_undo_the_one_that_was_approved(payu: PayuStage) -> None:
    charge = await payu.client.start(payu.card())
    page = payu.shop.open_checkout(dict(charge.form or {}))
    payu.shop.pay_by_card(page, name="REJECTED", security_code="666", month="09")
    declined = await payu.client.find(charge.reference)
    payu.shop.pay_by_card(page)
    approved = await payu.client.find(charge.reference)
    assert declined is not None
    assert approved is not None
    assert (declined.status, approved.status) == (PaymentStatus.DECLINED, PaymentStatus.APPROVED)
    assert declined.transaction_id != approved.transaction_id
    told = payu.shop.control("deliver_pending")["deliveries"]
    announced = [payu.client.read_webhook(each["body"].encode()) for each in told]
    assert len({each.dedupe_key for each in announced if each}) == 2
    for each in announced:
        assert each is not None
        found = await payu.client.find_transaction(each.transaction_id)
        assert found == approved


# Refunds


def wish(transaction_id: str, amount: Money = AMOUNT) -> RefundWish:
    return RefundWish("refund-1", transaction_id, amount, AMOUNT, "Devolución")


async def paid_by_card(payu: PayuStage) -> Charge:
    """Long enough ago for a refund."""
    charge, _ = await by_card(payu)
    payu.shop.control("advance_clock", seconds=700)
    found = await payu.client.find(charge.reference)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("amount", "status"),
    [(AMOUNT, PaymentStatus.REFUNDED), (Money(50_000), PaymentStatus.PARTIALLY_REFUNDED)],
)
async def test_money_of_a_card_goes_back_after_a_review(payu: PayuStage, amount: Money, status: PaymentStatus) -> None:
    charge = await paid_by_card(payu)
    assert await payu.client.find_refund(wish(charge.transaction_id, amount)) is None
    asked = await payu.client.refund(wish(charge.transaction_id, amount))
    assert asked == RefundAnswer(RefundStatus.PROCESSING, charge.transaction_id.partition(":")[0])
    waiting = await payu.client.find_refund(wish(charge.transaction_id, amount))
    assert waiting is not None
    assert waiting.status is RefundStatus.PROCESSING
    assert (await payu.client.find(charge.reference) or charge).status is PaymentStatus.APPROVED
    payu.shop.control("decide_refund", reference=charge.reference, state="APPROVED")
    made = await payu.client.find_refund(wish(charge.transaction_id, amount))
    assert made is not None
    assert made.status is RefundStatus.MADE
    assert (await payu.client.find(charge.reference) or charge).status is status


async def test_a_refund_that_payu_declines_leaves_the_payment_as_it_was(payu: PayuStage) -> None:
    charge = await paid_by_card(payu)
    await payu.client.refund(wish(charge.transaction_id, AMOUNT))
    payu.shop.control("decide_refund", reference=charge.reference, state="DECLINED")
    answered = await payu.client.find_refund(wish(charge.transaction_id))
    assert answered is not None
    assert answered.status is RefundStatus.FAILED
    assert (await payu.client.find(charge.reference) or charge).status is PaymentStatus.APPROVED


async def test_a_refund_asked_for_twice_is_one(payu: PayuStage) -> None:
    charge = await paid_by_card(payu)
    for _ in range(2):
        asked = await payu.client.refund(wish(charge.transaction_id, Money(50_000)))
        assert asked.status is RefundStatus.PROCESSING
    refunds = [each for each in payu.shop.orders()[0]["transactions"] if each["type"] == "PARTIAL_REFUND"]
    assert len(refunds) == 1
    assert refunds[0]["additionalValues"]["TX_VALUE"]["value"] == 50_000


async def test_a_refund_without_an_answer_is_found(payu: PayuStage) -> None:
    charge = await paid_by_card(payu)
    payu.fail("start", "timeout_after_processing")
    with pytest.raises(OutcomeUnknown):
        await payu.client.refund(wish(charge.transaction_id, AMOUNT))
    found = await payu.client.find_refund(wish(charge.transaction_id))
    assert found is not None
    assert found.status is RefundStatus.PROCESSING


async def test_money_of_a_bank_account_does_not_go_back(payu: PayuStage) -> None:
    charge = await payu.client.start(payu.attempt())
    payu.decide(charge, PaymentStatus.APPROVED)
    payu.shop.control("advance_clock", seconds=700)
    answered = await payu.client.refund(wish(charge.transaction_id, AMOUNT))
    assert answered.status is RefundStatus.FAILED


async def test_what_was_not_paid_or_not_numbered_is_not_refunded(payu: PayuStage) -> None:
    charge = await payu.client.start(payu.attempt())
    for name in (charge.transaction_id, charge.reference, f"1:{charge.transaction_id}"):
        with pytest.raises(Refused):
            await payu.client.refund(wish(name, AMOUNT))


@pytest.mark.parametrize("told", [{}, {"transactionResponse": {"state": "PERHAPS"}}, {"transactionResponse": None}])
def test_what_is_no_refund_leaves_it_open(told: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        refund_begun(told)


# Confirmations


async def confirmed(payu: PayuStage) -> dict[str, str]:
    charge = await payu.client.start(payu.attempt())
    payu.decide(charge, PaymentStatus.APPROVED)
    return dict(parse_qsl(payu.webhook(charge).decode(), keep_blank_values=True))


async def test_a_confirmation_in_json(payu: PayuStage) -> None:
    payu.shop.control("confirmations", json_body=True)
    charge = await payu.client.start(payu.attempt())
    payu.decide(charge, PaymentStatus.APPROVED)
    raw = payu.webhook(charge)
    fields = json.loads(raw)
    assert payu.client.read_webhook(raw) == payu.client.read_webhook(urlencode(fields).encode())


async def test_only_what_is_signed_is_read_and_kept(payu: PayuStage) -> None:
    """Who has once paid knows a signature: whatever else stands beside it must not matter."""
    fields = await confirmed(payu)
    read = payu.client.read_webhook(urlencode(fields).encode())
    assert read is not None
    assert b"ana@example.com" not in read.verified
    altered = {"transaction_id": "another", "reference_pol": "1", "attempts": "7", "email_buyer": "x@example.com"}
    assert payu.client.read_webhook(urlencode(fields | altered).encode()) == read
    assert payu.client.read_webhook(urlencode(fields | {"description": "Teñido"}, encoding="latin-1").encode()) == read
    assert payu.client.read_webhook(urlencode(fields).encode() + b"&extra&") == read
    bare = {name: fields[name] for name in (*json.loads(read.verified), "test")}
    assert payu.client.read_webhook(urlencode(bare).encode()) == read


async def test_f46_a_test_has_no_place_in_production_nor_the_reverse(payu: PayuStage) -> None:
    fields = await confirmed(payu)
    production = PayuGateway(payu.http, payu.settings.model_copy(update={"test": False}))
    for test, ours in (("1", True), ("0", False), ("", True)):
        raw = urlencode(fields | {"test": test}).encode()
        assert (payu.client.read_webhook(raw) is not None) is ours
        assert (production.read_webhook(raw) is not None) is not ours
    silent = urlencode({name: fields[name] for name in fields if name != "test"}).encode()
    assert payu.client.read_webhook(silent) is None
    assert production.read_webhook(silent) is not None


async def test_a_field_that_stands_twice_is_refused(payu: PayuStage) -> None:
    fields = await confirmed(payu)
    with pytest.raises(WrongSignature):
        payu.client.read_webhook(urlencode([*fields.items(), ("state_pol", "4")]).encode())


async def test_without_an_account_no_confirmation_is_believed(payu: PayuStage) -> None:
    fields = await confirmed(payu)
    closed = PayuGateway(payu.http, payu.settings.model_copy(update={"merchant_id": "", "api_key": SecretStr("")}))
    with pytest.raises(WrongSignature):
        closed.read_webhook(urlencode(fields).encode())


# PayU's books


def order(*transactions: dict[str, Any], status: str = "CAPTURED") -> dict[str, Any]:
    return {
        "id": 1,
        "referenceCode": "MKT-1",
        "status": status,
        "additionalValues": {"TX_VALUE": {"value": 150_000, "currency": "COP"}},
        "transactions": list(transactions),
    }


def paid(**changes: Any) -> dict[str, Any]:
    return {
        "id": "a",
        "type": "AUTHORIZATION_AND_CAPTURE",
        "transactionResponse": {"state": "APPROVED", "responseCode": "APPROVED"},
        **changes,
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("CAPTURED", PaymentStatus.APPROVED),
        ("CANCELLED", PaymentStatus.VOIDED),
        ("CHARGEBACK", PaymentStatus.VOIDED),
        ("REFUNDED", PaymentStatus.REFUNDED),
    ],
)
def test_f30_money_that_went_back_is_told_by_the_order(status: str, expected: PaymentStatus) -> None:
    assert [charge.status for charge in charges_in(order(paid(), status=status))] == [expected]


def test_of_several_tries_the_one_that_tells_most() -> None:
    declined = paid(id="b", transactionResponse={"state": "DECLINED", "responseCode": "INSUFFICIENT_FUNDS"})
    pending = paid(id="c", transactionResponse={"state": "PENDING", "responseCode": None})
    for tries, expected in (
        ([paid(), declined], "1:a"),
        ([declined, paid()], "1:a"),
        ([declined, pending], "1:c"),
        ([pending, paid(id="d")], "1:d"),
        ([declined, paid(id="e", transactionResponse={"state": "ERROR"})], "1:e"),
    ):
        found = counted(charges_in(order(*tries)))
        assert found is not None
        assert found.transaction_id == expected
        assert {found.transaction_id, *(each.transaction_id for each in found.also)} == {
            f"1:{each['id']}" for each in tries
        }
    assert counted([]) is None


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        [],
        {},
        order(paid(transactionResponse=None)),
        order(paid(transactionResponse={"state": "PERHAPS"})),
        order(paid(additionalValues={"TX_VALUE": {"value": True, "currency": "COP"}})),
        order(paid(additionalValues={"TX_VALUE": {"value": "much", "currency": "COP"}})),
        order(paid(additionalValues={"TX_VALUE": {"value": 10**40, "currency": "COP"}})),
        order(paid(additionalValues=[])) | {"additionalValues": None},
        order(paid(), {"type": "REFUND"}),
    ],
)
def test_books_of_another_shape_leave_the_outcome_open(hostile: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        charges_in(hostile)
