"""The simulated PayU is strict: what the gateway refuses it refuses, and nothing is on its books then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from .payu_shop import KEY, LOGIN, PayuShop

RESPONSE_FIELDS = {
    *("orderId", "transactionId", "state", "responseCode", "pendingReason", "paymentNetworkResponseCode"),
    *("paymentNetworkResponseErrorMessage", "trazabilityCode", "authorizationCode", "errorCode", "responseMessage"),
    *("transactionDate", "transactionTime", "operationDate", "extraParameters", "additionalInfo"),
}
ORDER = "order__"
VALUE = "order__additionalValues__TX_VALUE"
EXTRA = "extraParameters__"
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("PSE", {ORDER + "accountId": "1"}, "order.accountId, message: account not found"),
    ("PSE", {ORDER + "accountId": ...}, "order.accountId, message: must not be null"),
    ("PSE", {ORDER + "referenceCode": ...}, "order.referenceCode"),
    ("PSE", {ORDER + "referenceCode": ""}, "order.referenceCode"),
    ("PSE", {ORDER + "referenceCode": "x" * 256}, "order.referenceCode, message: size must be between 1 and 255"),
    ("PSE", {ORDER + "description": ...}, "order.description"),
    ("PSE", {ORDER + "language": "español"}, "order.language"),
    ("PSE", {ORDER + "notifyUrl": "shop"}, "order.notifyUrl, message: must be a valid URL"),
    ("PSE", {ORDER + "signature": "0" * 32}, "order.signature, message: invalid signature"),
    ("PSE", {ORDER + "signature": ""}, "order.signature"),
    ("PSE", {ORDER + "additionalValues": ...}, "order.additionalValues"),
    ("PSE", {VALUE: ...}, "order.additionalValues.TX_VALUE"),
    ("PSE", {VALUE + "__value": 150_000.5}, "must be a number without decimals"),
    ("PSE", {VALUE + "__value": True}, "must be a number without decimals"),
    ("PSE", {VALUE + "__value": -1}, "must be a number without decimals"),
    ("PSE", {VALUE + "__value": 0}, "must be greater than 0"),
    ("PSE", {VALUE + "__currency": "USD"}, "order.additionalValues.TX_VALUE.currency, message: must be COP"),
    ("PSE", {"order__additionalValues__TX_TAX__value": 23_951}, "must not exceed the value"),
    ("PSE", {ORDER + "buyer": ...}, "order.buyer"),
    ("PSE", {"payer": ...}, "transaction.payer"),
    ("PSE", {"payer__fullName": ""}, "transaction.payer.fullName"),
    ("PSE", {"payer__emailAddress": "ana"}, "transaction.payer.emailAddress, message: must be a valid e-mail address"),
    ("PSE", {"payer__contactPhone": ...}, "transaction.payer.contactPhone"),
    ("PSE", {"payer__dniType": "DNI"}, "transaction.payer.dniType"),
    ("PSE", {"paymentCountry": "MX"}, "transaction.paymentCountry"),
    ("PSE", {"paymentMethod": "BALOTO"}, "transaction.paymentMethod, message: is not enabled"),
    ("PSE", {"type": "AUTHORIZATION"}, "transaction.type, message: is not enabled"),
    ("PSE", {"type": ...}, "transaction.type"),
    ("PSE", {"extraParameters": ...}, "transaction.extraParameters"),
    ("PSE", {EXTRA + "RESPONSE_URL": "shop"}, "RESPONSE_URL, message: must be a valid URL"),
    ("PSE", {EXTRA + "FINANCIAL_INSTITUTION_CODE": "1"}, "FINANCIAL_INSTITUTION_CODE, message: must be one of"),
    ("PSE", {EXTRA + "USER_TYPE": "PERSON"}, "USER_TYPE, message: must be one of N, J"),
    ("PSE", {EXTRA + "PSE_REFERENCE1": ...}, "PSE_REFERENCE1"),
    ("PSE", {EXTRA + "PSE_REFERENCE2": "IDC"}, "PSE_REFERENCE2"),
    ("PSE", {EXTRA + "PSE_REFERENCE3": ""}, "PSE_REFERENCE3"),
    *(("PSE", {name: ...}, f"transaction.{name}") for name in ("deviceSessionId", "ipAddress", "cookie", "userAgent")),
    ("EFECTY", {VALUE + "__value": 19_999}, "order.additionalValues"),
    ("EFECTY", {VALUE + "__value": 6_000_001}, "must be between 20000 and 6000000"),
    ("EFECTY", {"expirationDate": "mañana"}, "must have the format"),
    ("EFECTY", {"expirationDate": "2020-01-01T00:00:00"}, "must be in the future"),
]


@pytest.mark.parametrize(("method", "changes", "expected"), FAULTS)
def test_what_payu_refuses(payu_shop: PayuShop, method: str, changes: dict[str, Any], expected: str) -> None:
    answer = payu_shop.submit(payu_shop.transaction(method, **changes))
    assert (answer["code"], answer["transactionResponse"]) == ("ERROR", None)
    assert answer["error"].startswith("property: ")
    assert expected in answer["error"]
    assert payu_shop.orders() == []


@pytest.mark.parametrize(("language", "text"), [("es", "Credenciales inválidas"), ("en", "Invalid credentials")])
@pytest.mark.parametrize(
    "merchant", [{"apiLogin": LOGIN, "apiKey": "no"}, {"apiLogin": "no", "apiKey": KEY}, {}, None, "no"]
)
@pytest.mark.parametrize("service", ["payments", "reports"])
def test_credentials(payu_shop: PayuShop, service: str, merchant: Any, language: str, text: str) -> None:
    answer = payu_shop.command("PING", service=service, merchant=merchant, language=language)
    assert (answer["code"], answer["error"]) == ("ERROR", text)


def test_only_json_is_spoken(payu_shop: PayuShop) -> None:
    address = f"{payu_shop.base}/payments-api/4.0/service.cgi"
    for headers in ({"Content-Type": "application/xml"}, {"Content-Type": "application/json", "Accept": "*/*"}):
        refused = payu_shop.http.post(address, content="{}", headers=headers)
        assert (refused.status_code, refused.headers["content-type"]) == (415, "application/xml")
    for body in ("{", "[]", '{"command": "DANCE"}', '{"command": ["PING"]}'):
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = payu_shop.http.post(address, content=body, headers=headers).json()
        assert answer["code"] == "ERROR"


def test_pings_and_lists(payu_shop: PayuShop) -> None:
    assert payu_shop.command("PING") == {"code": "SUCCESS", "error": None, "transactionResponse": None}
    assert payu_shop.command("PING", service="reports")["result"] == {"payload": "ping"}
    methods = payu_shop.command("GET_PAYMENT_METHODS")["paymentMethods"]
    assert {"id": "36", "description": "EFECTY", "country": "CO", "enabled": True, "reason": None} in methods
    wanted = {"paymentMethod": "PSE", "paymentCountry": "CO"}
    banks = payu_shop.command("GET_BANKS_LIST", bankListInformation=wanted)["banks"]
    assert {bank["pseCode"] for bank in banks} >= {"1007", "1022", "1051"}
    assert payu_shop.command("GET_BANKS_LIST", bankListInformation={"paymentMethod": "CARD"})["code"] == "ERROR"


def test_pse_is_born_pending_with_the_address_of_the_bank(payu_shop: PayuShop) -> None:
    answer = payu_shop.pay()
    assert set(answer) == RESPONSE_FIELDS | {"reference"}
    assert (answer["state"], answer["pendingReason"], answer["responseCode"]) == (
        "PENDING",
        "AWAITING_NOTIFICATION",
        "PENDING_TRANSACTION_CONFIRMATION",
    )
    assert answer["extraParameters"]["TRANSACTION_CYCLE"] == "1"
    assert payu_shop.http.get(answer["extraParameters"]["BANK_URL"]).status_code == 200
    assert answer["additionalInfo"]["paymentNetwork"] == "PSE"


def test_cash_is_good_for_seven_days_at_most(payu_shop: PayuShop) -> None:
    week = datetime.now(UTC) + timedelta(days=7)
    for wanted, days in ((..., 7), ("2099-01-01T00:00:00", 7)):
        answer = payu_shop.pay("EFECTY", **({} if wanted is ... else {"expirationDate": wanted}))
        expiry = datetime.fromtimestamp(answer["extraParameters"]["EXPIRATION_DATE"] / 1_000, UTC)
        assert abs(expiry - week) < timedelta(minutes=2), days
        assert answer["extraParameters"]["REFERENCE"] == answer["orderId"]
    sooner = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    local = (sooner - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S")
    answer = payu_shop.pay("EFECTY", expirationDate=local)
    assert answer["extraParameters"]["EXPIRATION_DATE"] == sooner.timestamp() * 1_000


def test_one_reference_may_have_many_orders(payu_shop: PayuShop) -> None:
    first = payu_shop.pay(order__referenceCode="MKT-TWICE-1")
    second = payu_shop.pay(order__referenceCode="MKT-TWICE-1")
    assert [order["id"] for order in payu_shop.by_reference("MKT-TWICE-1")] == [second["orderId"], first["orderId"]]


def test_questions(payu_shop: PayuShop) -> None:
    answer = payu_shop.pay()
    named = {"orderId": answer["orderId"]}
    order = payu_shop.command("ORDER_DETAIL", service="reports", details=named)["result"]["payload"]
    assert (order["id"], order["referenceCode"], order["status"]) == (
        answer["orderId"],
        answer["reference"],
        "IN_PROGRESS",
    )
    assert [each["id"] for each in order["transactions"]] == [answer["transactionId"]]
    told = payu_shop.command(
        "TRANSACTION_RESPONSE_DETAIL", service="reports", details={"transactionId": answer["transactionId"]}
    )
    assert told["result"]["payload"]["state"] == "PENDING"
    # Of a transaction alone PayU tells neither its order nor its amount.
    assert not {"orderId", "additionalValues"} & set(told["result"]["payload"])
    assert payu_shop.by_reference("MKT-NOBODY-1") is None
    unknown = payu_shop.command("ORDER_DETAIL", service="reports", details={"orderId": 1})
    assert (unknown["code"], unknown["result"]) == ("SUCCESS", {"payload": None})
    for details in ({"orderId": "1"}, {}, None):
        assert payu_shop.command("ORDER_DETAIL", service="reports", details=details)["code"] == "ERROR"


def test_a_restart_forgets_nothing(payu_shop: PayuShop) -> None:
    answer = payu_shop.pay()
    payu_shop.sandbox.kill()
    payu_shop.sandbox.start()
    assert [order["id"] for order in payu_shop.by_reference(answer["reference"])] == [answer["orderId"]]


def approved_card(shop: PayuShop) -> dict[str, Any]:
    form = shop.form()
    shop.pay_by_card(shop.open_checkout(form))
    shop.control("advance_clock", seconds=601)
    order: dict[str, Any] = shop.by_reference(form["referenceCode"])[0]
    return order


def refund_of(order: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    refund = {
        "order": {"id": str(order["id"])},
        "type": "REFUND",
        "reason": "Devolución",
        "parentTransactionId": order["transactions"][0]["id"],
        **changes,
    }
    return {name: value for name, value in refund.items() if value is not ...}


def part(value: Any) -> dict[str, Any]:
    return {"type": "PARTIAL_REFUND", "additionalValues": {"TX_VALUE": {"value": value, "currency": "COP"}}}


@pytest.mark.parametrize(
    "changes",
    [
        {"order": {}},
        {"order": {"id": "1"}},
        {"order": {"id": "x"}},
        {"reason": ...},
        {"parentTransactionId": ...},
        {"parentTransactionId": "x"},
        {"type": "PARTIAL_REFUND"},
        part(99),
        part(150_001),
        part(0.5),
        part(50_000) | {"type": "REFUND"},
    ],
)
def test_refunds_that_payu_refuses(payu_shop: PayuShop, changes: dict[str, Any]) -> None:
    order = approved_card(payu_shop)
    answer = payu_shop.submit(refund_of(order, **changes))
    assert answer["code"] == "ERROR", answer
    assert len(payu_shop.orders()[0]["transactions"]) == 1


def test_a_refund_is_reviewed(payu_shop: PayuShop) -> None:
    order = approved_card(payu_shop)
    answer = payu_shop.submit(refund_of(order, **part(50_000)))["transactionResponse"]
    assert (answer["state"], answer["pendingReason"], answer["transactionId"], answer["responseMessage"]) == (
        "PENDING",
        "PENDING_REVIEW",
        None,
        str(order["id"]),
    )
    again = payu_shop.submit(refund_of(order, **part(50_000)))
    assert (again["code"], again["error"]) == ("ERROR", "La transacción ya se encuentra registrada")
    payu_shop.control("decide_refund", reference=order["referenceCode"], state="APPROVED")
    assert payu_shop.by_reference(order["referenceCode"])[0]["status"] == "REFUNDED"


def test_a_refund_is_too_early_before_ten_minutes(payu_shop: PayuShop) -> None:
    form = payu_shop.form()
    payu_shop.pay_by_card(payu_shop.open_checkout(form))
    order = payu_shop.by_reference(form["referenceCode"])[0]
    assert payu_shop.submit(refund_of(order))["code"] == "ERROR"


def test_only_cards_are_refunded(payu_shop: PayuShop) -> None:
    paid = payu_shop.pay()
    payu_shop.control("force_outcome", reference=paid["reference"], state="APPROVED")
    payu_shop.control("advance_clock", seconds=601)
    order = payu_shop.by_reference(paid["reference"])[0]
    assert payu_shop.submit(refund_of(order))["transactionResponse"]["state"] == "DECLINED"


def test_it_is_not_the_wompi_next_to_it(payu_shop: PayuShop) -> None:
    payu_shop.pay()
    assert payu_shop.sandbox.transactions() == []
    payu_shop.sandbox.control("reset")
    assert payu_shop.orders() == []
    assert payu_shop.http.post(f"{payu_shop.base}/payments-api/4.0/other").status_code == httpx.codes.NOT_FOUND
