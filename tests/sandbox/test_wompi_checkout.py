"""Wompi's page for cards: what a shop may send a buyer there with, and what becomes of the card."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from .card_page import type_card
from .running import RunningSandbox, eventually
from .shop import INTEGRITY_SECRET, PUBLIC_KEY, Shop, Webhook, pse, sign

AMOUNT = 15_000_000


def fields(reference: str = "MKT-CARD-1", /, **changes: str | None) -> dict[str, str]:
    """A right question of 150 000 pesos; a change to None leaves the field away, and all is signed after the changes
    unless one of them is the signature.
    """
    said = {
        "public-key": PUBLIC_KEY,
        "currency": "COP",
        "amount-in-cents": str(AMOUNT),
        "reference": reference,
        "redirect-url": "https://shop.example/pago?pedido=7",
        **changes,
    }
    signed = {
        "reference": said["reference"],
        "amount_in_cents": said["amount-in-cents"],
        "currency": said["currency"],
        "expiration_time": said.get("expiration-time"),
    }
    said = {"signature:integrity": sign(signed), **said}
    return {name: value for name, value in said.items() if value is not None}


def address(sandbox: RunningSandbox, said: dict[str, str] | list[tuple[str, str]]) -> str:
    return f"{sandbox.url}/wompi/p/?{urlencode(said)}"


def soon(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [
        ("4242424242424242", "APPROVED", None),
        ("4111111111111111", "DECLINED", "La transacción fue rechazada (Sandbox)"),
        ("5555555555554444", "ERROR", "Transacción con ERROR en Sandbox"),
    ],
)
def test_the_card_decides(
    shop: Shop, sandbox: RunningSandbox, webhook: Webhook, number: str, status: str, message: str | None
) -> None:
    page = address(sandbox, fields())
    assert "$ 150.000" in httpx.get(page).text
    answer = type_card(page, number=number)
    (transaction,) = shop.by_reference("MKT-CARD-1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"https://shop.example/pago?pedido=7&id={transaction['id']}"
    settled = eventually(lambda: (now := shop.get(transaction["id"]))["status"] != "PENDING" and now)
    assert (settled["status"], settled["status_message"]) == (status, message)
    assert (settled["payment_method_type"], settled["amount_in_cents"]) == ("CARD", AMOUNT)
    assert settled["customer_email"] == "ana@example.com"
    assert settled["payment_method"]["extra"]["last_four"] == number[-4:]
    eventually(lambda: webhook.received)
    (event,) = [json.loads(body) for _, body in webhook.received]
    assert event["data"]["transaction"]["reference"] == "MKT-CARD-1"
    assert event["data"]["transaction"]["status"] == status


@pytest.mark.parametrize(("button", "status"), [("approve", "APPROVED"), ("decline", "DECLINED"), ("error", "ERROR")])
def test_a_button_decides_whatever_the_card(shop: Shop, sandbox: RunningSandbox, button: str, status: str) -> None:
    page = address(sandbox, fields())
    for shown in ("Pagar", "Aprobar", "Rechazar", "Simular un error"):
        assert shown in httpx.get(page).text
    number = "4111111111111111" if button == "approve" else "4242424242424242"
    assert type_card(page, number=number, outcome=button).status_code == 303
    eventually(lambda: [each["status"] for each in shop.by_reference("MKT-CARD-1")] == [status])


def test_a_transaction_is_born_pending(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("settle_delay", min=60, max=60)
    assert type_card(address(sandbox, fields())).status_code == 303
    (waiting,) = shop.by_reference("MKT-CARD-1")
    assert (waiting["status"], waiting["finalized_at"]) == ("PENDING", None)
    sandbox.control("advance_clock", seconds=61)
    assert shop.get(waiting["id"])["status"] == "APPROVED"


def test_the_event_can_come_before_the_buyer_is_back(sandbox: RunningSandbox, webhook: Webhook) -> None:
    sandbox.control("settle_delay", min=60, max=60)
    sandbox.control("events", before_response=True)
    assert type_card(address(sandbox, fields())).status_code == 303
    assert len(webhook.received) == 1


def test_a_reference_is_paid_once(shop: Shop, sandbox: RunningSandbox) -> None:
    page = address(sandbox, fields())
    back = type_card(page, number="4111111111111111").headers["location"]
    again = type_card(page)
    assert again.status_code == 422
    assert "La referencia ya ha sido usada" in again.text
    assert back.replace("&", "&amp;") in again.text
    shown = httpx.get(page)
    assert "Este pago ya está hecho" in shown.text
    assert "<form" not in shown.text
    assert len(shop.by_reference("MKT-CARD-1")) == len(sandbox.transactions()) == 1
    taken = shop.pay(pse())["reference"]
    assert type_card(address(sandbox, fields(taken))).status_code == 422
    assert [each["payment_method_type"] for each in shop.by_reference(taken)] == ["PSE"]


def test_no_card_number_is_kept(sandbox: RunningSandbox) -> None:
    """Of the code, some four digits may stand there by chance, as part of an hour; those of eight cards may not."""
    codes = ["9173", "4682", "7391", "8264", "6917", "3748", "5829", "2596"]
    for code in codes:
        page = address(sandbox, fields(f"MKT-CARD-{code[:1]}"))
        assert type_card(page, number="5555555555554444", cvc=code).status_code == 303
    kept = b"".join(path.read_bytes() for path in sandbox.data_dir.glob("sandbox.*"))
    assert b"MASTERCARD-4444" in kept
    assert b"5555555555554444" not in kept
    assert not all(code.encode() in kept for code in codes)


def test_without_an_address_to_go_back_to_the_page_says_what_became_of_it(shop: Shop, sandbox: RunningSandbox) -> None:
    answer = type_card(address(sandbox, fields(**{"redirect-url": None})))
    assert (answer.status_code, "Este pago ya está hecho" in answer.text) == (200, True)
    assert len(shop.by_reference("MKT-CARD-1")) == 1


def test_all_that_a_shop_may_say(shop: Shop, sandbox: RunningSandbox) -> None:
    said = {
        "expiration-time": soon(60),
        "tax-in-cents:vat": "2395000",
        "customer-data:email": "eva@example.com",
        "customer-data:full-name": "Eva Díaz",
        "customer-data:legal-id": "1020304050",
        "customer-data:legal-id-type": "CC",
        "shipping-address:address-line-1": "Cra 7 # 71-21",
        "shipping-address:country": "CO",
        "shipping-address:city": "Bogotá",
        "shipping-address:region": "Bogotá D.C.",
        "shipping-address:phone-number": "3001234567",
        "collect-shipping": "false",
    }
    page = address(sandbox, fields(**said))
    assert 'name="email"' not in httpx.get(page).text
    assert type_card(page, email=None).status_code == 303
    (transaction,) = shop.by_reference("MKT-CARD-1")
    assert transaction["customer_email"] == "eva@example.com"
    assert transaction["customer_data"] == {"full_name": "Eva Díaz", "legal_id": "1020304050", "legal_id_type": "CC"}
    assert transaction["shipping_address"]["address_line_1"] == "Cra 7 # 71-21"
    assert transaction["taxes"] == [{"type": "VAT", "amount_in_cents": 2_395_000}]


def test_an_expired_page_takes_no_card(shop: Shop, sandbox: RunningSandbox) -> None:
    page = address(sandbox, fields(**{"expiration-time": soon(600)}))
    assert httpx.get(page).status_code == 200
    sandbox.control("advance_clock", seconds=601)
    assert "ya pasó" in httpx.get(page).text
    assert type_card(page).status_code == 422
    assert shop.by_reference("MKT-CARD-1") == []


def test_the_time_of_expiry_is_signed(sandbox: RunningSandbox) -> None:
    later = fields(**{"expiration-time": soon(60)}) | {"expiration-time": soon(6_000)}
    refused = httpx.get(address(sandbox, later))
    assert (refused.status_code, "La firma es inválida" in refused.text) == (422, True)


FAULTS: list[tuple[dict[str, Any], int, str]] = [
    ({"public-key": None}, 422, "No está presente"),
    ({"currency": None}, 422, "No está presente"),
    ({"amount-in-cents": None}, 422, "No está presente"),
    ({"reference": None}, 422, "No está presente"),
    ({"signature:integrity": None}, 422, "No está presente"),
    ({"public-key": "pub_test_other"}, 404, "no encontrado"),
    ({"public-key": "pub_prod_mestore"}, 401, "no corresponde a este ambiente"),
    ({"public-key": "prv_test_mestore"}, 404, "no encontrado"),
    ({"signature:integrity": "0" * 64}, 422, "La firma es inválida"),
    ({"signature:integrity": "ñ"}, 422, "La firma es inválida"),
    ({"currency": "USD"}, 422, "COP"),
    ({"amount-in-cents": "150000.00"}, 422, "debe ser integer"),
    ({"amount-in-cents": "-15000000"}, 422, "debe ser integer"),
    ({"amount-in-cents": "149999"}, 422, "debe ser &gt;= 150000"),
    ({"reference": ""}, 422, "Formato inválido"),
    ({"reference": "x" * 256}, 422, "no debe contener más de 255"),
    ({"redirect-url": "javascript:alert(1)"}, 422, "debe coincidir"),
    ({"redirect_url": "https://shop.example"}, 422, "Formato inválido"),
    ({"signature-integrity": "x"}, 422, "Formato inválido"),
    ({"expiration-time": "2039-01-01"}, 422, "date-time"),
    ({"expiration-time": "2039-01-01T00:00:00-05:00"}, 422, "date-time"),
    ({"expiration-time": "2020-01-01T00:00:00.000Z"}, 422, "ya pasó"),
    ({"tax-in-cents:vat": "1.5"}, 422, "debe ser integer"),
    ({"customer-data:email": "ana"}, 422, "email"),
    ({"customer-data:legal-id-type": "XX"}, 422, "predefinidos"),
    ({"shipping-address:city": "Bogotá"}, 422, "address-line-1"),
]


@pytest.mark.parametrize(("changes", "status", "text"), FAULTS)
def test_questions_that_wompi_refuses(
    shop: Shop, sandbox: RunningSandbox, changes: dict[str, Any], status: int, text: str
) -> None:
    page = address(sandbox, fields(**changes))
    for refused in (httpx.get(page), type_card(page)):
        assert refused.status_code == status, refused.text
        assert text in refused.text
        assert "<form" not in refused.text
    assert sandbox.transactions() == []
    assert shop.by_reference("MKT-CARD-1") == []


def test_nothing_is_said_twice(sandbox: RunningSandbox) -> None:
    twice = [*fields().items(), ("amount-in-cents", str(AMOUNT))]
    assert httpx.get(address(sandbox, twice)).status_code == 422


def test_the_integrity_secret_signs_and_not_that_of_events(sandbox: RunningSandbox) -> None:
    said = {"reference": "MKT-CARD-1", "amount_in_cents": str(AMOUNT), "currency": "COP"}
    for secret, status in ((INTEGRITY_SECRET, 200), ("test_events_mestore", 422)):
        page = address(sandbox, fields(**{"signature:integrity": sign(said, secret)}))
        assert httpx.get(page).status_code == status


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"number": "4242"}, "number"),
        ({"number": "4242424242424243"}, "Luhn"),
        ({"cvc": "1"}, "cvc"),
        ({"exp_month": "13"}, "exp_month"),
        ({"exp_year": "20"}, "vencida"),
        ({"card_holder": "ANA"}, "card_holder"),
        ({"installments": "0"}, "installments"),
        ({"installments": "doce"}, "installments"),
        ({"email": None}, "customer_email"),
        ({"email": "ana"}, "customer_email"),
        ({"accept_terms": None}, "accept_terms"),
        ({"accept_personal_data": None}, "accept_personal_data"),
        ({"outcome": "<b>"}, "outcome"),
    ],
)
def test_what_is_no_card(shop: Shop, sandbox: RunningSandbox, changes: dict[str, str | None], text: str) -> None:
    page = address(sandbox, fields())
    refused = type_card(page, **changes)
    assert refused.status_code == 422
    assert text in refused.text
    assert "<form" in refused.text, "the buyer may try again"
    assert shop.by_reference("MKT-CARD-1") == []
    assert type_card(page).status_code == 303


def test_the_page_loads_nothing_and_escapes_what_it_shows(sandbox: RunningSandbox) -> None:
    said = fields("<script>alert(1)</script>", **{"redirect-url": None})
    page = httpx.get(address(sandbox, said)).text
    assert "<script>alert" not in page
    assert "//" not in page
