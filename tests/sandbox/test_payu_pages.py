"""Where buyers of the simulated PayU go: the bank, the counter, and the page for cards."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from mestore.core.clock import COLOMBIA

from .payu_shop import PayuShop, confirmation_sign, md5
from .running import eventually
from .shop import Webhook


def query_of(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
    return dict(parse_qsl(answer.headers["location"].partition("?")[2], keep_blank_values=True))


def page_signature(query: dict[str, str]) -> str:
    value = Decimal(query["TX_VALUE"]).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return md5(query["referenceCode"], value, query["currency"], query["transactionState"])


@pytest.mark.parametrize(
    ("choice", "state", "state_pol"),
    [("approve", "APPROVED", "4"), ("decline", "DECLINED", "6"), ("error", "ERROR", "104"), ("later", "PENDING", "7")],
)
def test_the_buyer_decides_at_the_bank(
    payu_shop: PayuShop, webhook: Webhook, choice: str, state: str, state_pol: str
) -> None:
    paid = payu_shop.pay()
    address = paid["extraParameters"]["BANK_URL"]
    page = payu_shop.http.get(address).text
    assert "$ 150.000" in page
    assert "BANCO UNION COLOMBIANO" in page
    query = query_of(payu_shop.http.post(address, data={"outcome": choice}))
    assert (query["pedido"], query["transactionState"], query["lapTransactionState"]) == ("7", state_pol, state)
    assert query["signature"] == page_signature(query)
    # A second press changes nothing that is decided.
    again = query_of(payu_shop.http.post(address, data={"outcome": "approve"}))
    expected = "APPROVED" if state == "PENDING" else state
    assert again["lapTransactionState"] == expected
    assert eventually(lambda: len(webhook.received)) == 1


def test_addresses_that_lead_nowhere(payu_shop: PayuShop) -> None:
    for path in ("pse?ticket=x", "ppp-web-gateway-payu/app/v2?vid=x", "ppp-web-gateway-payu/pay?ticket=x"):
        assert payu_shop.http.get(f"{payu_shop.base}/{path}").status_code == 404
    paid = payu_shop.pay()
    assert payu_shop.http.post(paid["extraParameters"]["BANK_URL"], data={"outcome": "<b>"}).status_code == 422
    assert payu_shop.http.post(f"{payu_shop.base}/pse?ticket=x", data={"outcome": "approve"}).status_code == 404


def test_efecty_tells_payu_a_quarter_of_an_hour_later(payu_shop: PayuShop, webhook: Webhook) -> None:
    paid = payu_shop.pay("EFECTY")
    assert str(paid["orderId"]) in payu_shop.http.get(paid["extraParameters"]["URL_PAYMENT_RECEIPT_HTML"]).text
    payu_shop.control("pay_cash", order_id=paid["orderId"])
    payu_shop.control("advance_clock", seconds=800)
    assert webhook.received == []
    payu_shop.control("advance_clock", seconds=101)
    eventually(lambda: webhook.received)
    fields = dict(parse_qsl(webhook.received[0][1]))
    assert (fields["state_pol"], fields["payment_method_type"]) == ("4", "7")
    assert fields["sign"] == confirmation_sign(fields)


def test_f50_a_slip_paid_twice_is_two_transactions(payu_shop: PayuShop, webhook: Webhook) -> None:
    payu_shop.control("confirmations", cash_delay_seconds=0)
    paid = payu_shop.pay("EFECTY")
    for number in (1, 2):
        payu_shop.control("pay_cash", order_id=paid["orderId"])
        eventually(lambda number=number: len(webhook.received) == number)  # type: ignore[misc]
    told = [dict(parse_qsl(body)) for _, body in webhook.received]
    assert len({each["transaction_id"] for each in told}) == 2
    assert {(each["reference_sale"], each["state_pol"]) for each in told} == {(paid["reference"], "4")}


def test_nobody_pays_a_slip_that_expired(payu_shop: PayuShop, webhook: Webhook) -> None:
    paid = payu_shop.pay("EFECTY")
    payu_shop.control("advance_clock", seconds=7 * 86_400 + 1)
    eventually(lambda: webhook.received)
    assert dict(parse_qsl(webhook.received[0][1]))["state_pol"] == "5"
    late = {"action": "pay_cash", "order_id": paid["orderId"]}
    assert payu_shop.http.post(f"{payu_shop.sandbox.url}/control/payu", json=late).status_code == 422


@pytest.mark.parametrize(
    ("card", "state", "code"),
    [
        ({}, "APPROVED", "APPROVED"),
        ({"number": "5471300000000003"}, "APPROVED", "APPROVED"),
        ({"number": "377813000000001", "security_code": "7777"}, "APPROVED", "APPROVED"),
        ({"number": "36032400000007"}, "APPROVED", "APPROVED"),
        ({"month": "06"}, "DECLINED", "INVALID_TRANSACTION"),
        ({"security_code": "778"}, "DECLINED", "INVALID_TRANSACTION"),
        ({"name": "ANA RUIZ"}, "DECLINED", "INVALID_TRANSACTION"),
        ({"name": "REJECTED", "security_code": "666", "month": "07"}, "DECLINED", "PAYMENT_NETWORK_REJECTED"),
        ({"name": "PENDING"}, "DECLINED", "INVALID_TRANSACTION"),
    ],
)
def test_cards_of_the_test_data(payu_shop: PayuShop, card: dict[str, str], state: str, code: str) -> None:
    form = payu_shop.form()
    query = query_of(payu_shop.pay_by_card(payu_shop.open_checkout(form), **card))
    assert query["signature"] == page_signature(query)
    told = payu_shop.by_reference(form["referenceCode"])[0]["transactions"][0]
    assert (told["transactionResponse"]["state"], told["transactionResponse"]["responseCode"]) == (state, code)
    number = card.get("number", "4097440000000004")
    assert told["creditCard"]["maskedNumber"] == f"{number[:6]}******{number[-4:]}"
    assert number not in str(payu_shop.orders())


def test_a_card_under_review(payu_shop: PayuShop, webhook: Webhook) -> None:
    form = payu_shop.form(buyerEmail="manual-review-hub@email.com")
    query = query_of(payu_shop.pay_by_card(payu_shop.open_checkout(form), name="PENDING"))
    assert query["lapTransactionState"] == "PENDING"
    payu_shop.control("force_outcome", reference=form["referenceCode"], state="APPROVED")
    eventually(lambda: webhook.received)
    fields = dict(parse_qsl(webhook.received[0][1]))
    assert (fields["state_pol"], fields["payment_method_type"]) == ("4", "2")


def test_another_card_after_a_decline_is_another_transaction_of_the_order(payu_shop: PayuShop) -> None:
    form = payu_shop.form()
    page = payu_shop.open_checkout(form)
    payu_shop.pay_by_card(page, name="REJECTED")
    payu_shop.pay_by_card(page)
    assert "Este pago ya está hecho" in payu_shop.pay_by_card(page).text
    order = payu_shop.by_reference(form["referenceCode"])[0]
    assert [each["transactionResponse"]["state"] for each in order["transactions"]] == ["DECLINED", "APPROVED"]


@pytest.mark.parametrize(
    "card",
    [
        {"number": "4097440000000005"},
        {"number": "4097"},
        {"name": ""},
        {"security_code": "7"},
        {"month": "13"},
        {"year": "30"},
    ],
)
def test_what_is_no_card(payu_shop: PayuShop, card: dict[str, str]) -> None:
    form = payu_shop.form()
    assert payu_shop.pay_by_card(payu_shop.open_checkout(form), **card).status_code == 422
    assert payu_shop.by_reference(form["referenceCode"])[0]["transactions"] == []


def in_colombia(seconds: float) -> str:
    return f"{datetime.now(COLOMBIA) + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}"


def test_the_page_takes_no_card_once_the_shop_s_time_for_it_is_over(payu_shop: PayuShop, webhook: Webhook) -> None:
    form = payu_shop.form(expirationDate=in_colombia(1_800))
    page = payu_shop.open_checkout(form)
    payu_shop.control("advance_clock", seconds=1_700)
    assert query_of(payu_shop.pay_by_card(page, name="REJECTED"))["lapTransactionState"] == "DECLINED"
    payu_shop.control("advance_clock", seconds=101)
    late = payu_shop.pay_by_card(page)
    assert (late.status_code, "El plazo para este pago ya terminó" in late.text) == (422, True)
    assert "Ya no se puede pagar" in payu_shop.http.get(page).text
    again = payu_shop.http.post(f"{payu_shop.base}/ppp-web-gateway-payu/", data=form)
    assert (again.status_code, "must be in the future" in again.text) == (400, True)
    (order,) = payu_shop.by_reference(form["referenceCode"])
    assert [each["transactionResponse"]["state"] for each in order["transactions"]] == ["DECLINED"]
    assert len(webhook.received) == 1
    # Who says no time has as much as there is.
    assert payu_shop.pay_by_card(payu_shop.open_checkout(payu_shop.form())).status_code == 303


FORM_FAULTS: list[dict[str, Any]] = [
    {"signature": "0" * 32},
    {"signature": "ñ"},
    {"signature": ""},
    {"merchantId": "1"},
    {"accountId": "1"},
    {"amount": "150000.00"},
    {"amount": "0"},
    {"amount": "-1"},
    {"tax": "30000"},
    {"currency": "USD"},
    {"test": "true"},
    {"buyerEmail": "ana"},
    {"responseUrl": "shop"},
    {"confirmationUrl": "shop"},
    {"referenceCode": ""},
    *({"expirationDate": text} for text in ("", "mañana", "2099-01-01", "2099-01-01T00:00:00", "2099-1-1 0:00:00")),
    {"expirationDate": "2020-01-01 00:00:00"},
]


@pytest.mark.parametrize("changes", FORM_FAULTS)
def test_forms_that_payu_refuses(payu_shop: PayuShop, changes: dict[str, str]) -> None:
    refused = payu_shop.http.post(f"{payu_shop.base}/ppp-web-gateway-payu/", data=payu_shop.form(**changes))
    assert refused.status_code == 400
    assert payu_shop.orders() == []
