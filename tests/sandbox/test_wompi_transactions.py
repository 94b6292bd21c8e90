from typing import Any

import httpx
import pytest

from .running import RunningSandbox, eventually
from .shop import INTEGRITY_SECRET, PUBLIC_KEY, Shop, pse, sign
from .test_wompi_tokens import error_of

NEQUI = {"type": "NEQUI", "phone_number": "3991111111"}
BANCOLOMBIA = {"type": "BANCOLOMBIA_TRANSFER", "user_type": "PERSON", "payment_description": "Pedido de prueba"}
MISSING = ["No está presente"]


def without(method: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in method.items() if name != field}


def test_born_pending_with_the_documented_body(shop: Shop, sandbox: RunningSandbox) -> None:
    sandbox.control("settle_delay", min=60, max=60)
    card = shop.card()
    transaction = shop.pay(card)
    assert transaction["status"] == "PENDING"
    assert transaction["finalized_at"] is None
    assert transaction["merchant"]["public_key"] == PUBLIC_KEY
    assert transaction["payment_method"]["extra"]["last_four"] == "4242"
    assert "token" not in transaction["payment_method"]
    assert set(transaction) == {
        *("id", "created_at", "finalized_at", "amount_in_cents", "currency", "tip_in_cents", "reference"),
        *("customer_email", "payment_method_type", "payment_method", "status", "status_message", "redirect_url"),
        *("merchant", "taxes", "payment_link_id", "payment_source_id", "shipping_address", "billing_data", "bill_id"),
        "customer_data",
    }
    number, seconds, rest = transaction["id"].split("-")
    assert number.isdigit()
    assert len(seconds) == 10
    assert rest.isdigit()


BODY_FAULTS: list[tuple[dict[str, Any], Any]] = [
    ({"amount_in_cents": ...}, {"amount_in_cents": MISSING}),
    ({"amount_in_cents": "15000000"}, {"amount_in_cents": ["debe ser integer"]}),
    ({"amount_in_cents": 15000000.0}, {"amount_in_cents": ["debe ser integer"]}),
    ({"amount_in_cents": True}, {"amount_in_cents": ["debe ser integer"]}),
    ({"amount_in_cents": 149_999}, {"amount_in_cents": ["debe ser >= 150000"]}),
    ({"amount_in_cents": 10**12 + 1}, {"amount_in_cents": ["debe ser <= 1000000000000"]}),
    ({"currency": "USD"}, {"currency": ["debe ser igual a uno de los valores predefinidos: COP"]}),
    ({"customer_email": ...}, {"customer_email": MISSING}),
    ({"customer_email": "ana"}, {"customer_email": ['debe coincidir con el formato "email"']}),
    ({"reference": ...}, {"reference": MISSING}),
    ({"reference": "x" * 256}, {"reference": ["no debe contener más de 255 caracteres"]}),
    ({"expiration_time": "mañana"}, {"expiration_time": ['debe coincidir con el formato "date-time"']}),
    ({"redirect_url": "shop"}, {"redirect_url": ['debe coincidir con el patron "^https?://\\S+$"']}),
    ({"redirect_url": ...}, {"redirect_url": MISSING}),
    ({"customer_data": ...}, {"customer_data": MISSING}),
    ({"customer_data": {"full_name": "Ana Ruiz"}}, {"customer_data": {"phone_number": MISSING}}),
    ({"payment_method": ...}, "No se especificó método de pago o fuente de pago"),
    ({"payment_method_type": "CARD"}, {"payment_method_type": ["debe ser igual a PSE"]}),
    *(
        ({"payment_method": without(pse(), field)}, {"payment_method": {field: MISSING}})
        for field in (
            *("payment_description", "user_type", "user_legal_id", "user_legal_id_type"),
            "financial_institution_code",
        )
    ),
    (
        {"payment_method": pse() | {"user_type": "0"}},
        {"payment_method": {"user_type": ["debe ser igual a uno de los valores predefinidos: 0, 1"]}},
    ),
    (
        {"payment_method": pse() | {"payment_description": "x" * 65}},
        {"payment_method": {"payment_description": ["no debe contener más de 64 caracteres"]}},
    ),
    (
        {"payment_method": {"type": "NEQUI", "phone_number": "573001112233"}},
        {"payment_method": {"phone_number": ['debe coincidir con el patron "^\\d{10}$"']}},
    ),
    (
        {"payment_method": BANCOLOMBIA | {"payment_description": "d'Ana"}},
        {"payment_method": {"payment_description": ['debe coincidir con el patron "^[^\']+$"']}},
    ),
    (
        {"payment_method": {"type": "CARD", "token": "tok_test_1_no"}},
        {"payment_method": {"token": ["El token es inválido"]}},
    ),
]


@pytest.mark.parametrize(("changes", "said"), BODY_FAULTS)
def test_body_faults_are_told_first_and_burn_nothing(shop: Shop, changes: dict[str, Any], said: Any) -> None:
    body = shop.body(**changes)
    assert error_of(shop.post(body, key="prv_test_unknown")) == (422, said)
    acceptance = {name: body[name] for name in ("acceptance_token", "accept_personal_auth")}
    assert shop.post(shop.body() | acceptance).status_code == 201


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"reference": "\\ud800"}'])
def test_no_object_is_422_even_with_a_bad_key(shop: Shop, raw: bytes) -> None:
    response = shop.http.post("transactions", content=raw, headers={"Authorization": "Bearer nonsense"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("prv_test_unknown", "Llave no válida"),
        (PUBLIC_KEY, "Llave no válida"),
        ("prv_prod_mestore", "La llave proporcionada no corresponde a este ambiente, se recibió: prv_prod_mestore"),
        ("nonsense", "La llave proporcionada no corresponde a este ambiente, se recibió: nonsense"),
        (None, "Se esperaba una llave pública o privada pero no se recibió ninguna"),
    ],
)
def test_a_401_burns_no_acceptance_token(shop: Shop, key: str | None, said: str) -> None:
    body = shop.body()
    assert error_of(shop.post(body, key)) == (401, said)
    assert shop.post(body).status_code == 201


def test_acceptance_tokens_are_single_use_and_of_their_kind(shop: Shop) -> None:
    assert error_of(shop.post(shop.body(acceptance_token=...))) == (422, {"acceptance_token": MISSING})
    assert error_of(shop.post(shop.body(accept_personal_auth=...))) == (422, {"accept_personal_auth": MISSING})
    swapped = shop.body()
    swapped["acceptance_token"], swapped["accept_personal_auth"] = (
        swapped["accept_personal_auth"],
        swapped["acceptance_token"],
    )
    assert error_of(shop.post(swapped)) == (422, {"acceptance_token": ["El token de aceptación es inválido"]})
    used = shop.body()
    assert shop.post(used).status_code == 201
    again = shop.body() | {"acceptance_token": used["acceptance_token"]}
    assert error_of(shop.post(again)) == (422, {"acceptance_token": ["El token de aceptación ya fue usado"]})


def test_an_acceptance_token_ends_after_an_hour(shop: Shop, sandbox: RunningSandbox) -> None:
    body = shop.body()
    sandbox.control("advance_clock", seconds=3_601)
    assert error_of(shop.post(body)) == (422, {"acceptance_token": ["El token de aceptación es inválido"]})


@pytest.mark.parametrize("wrong", ["uppercase", "events secret", "pesos", "no expiration time"])
def test_a_wrong_signature_burns_the_tokens(shop: Shop, wrong: str) -> None:
    body = shop.body(expiration_time="2039-06-09T20:28:50.000Z")
    signature = {
        "uppercase": body["signature"].upper(),
        "events secret": sign(body, "test_events_mestore"),
        "pesos": sign(body | {"amount_in_cents": 150_000}),
        "no expiration time": sign(body | {"expiration_time": None}),
    }[wrong]
    assert error_of(shop.post(body | {"signature": signature})) == (422, {"signature": ["La firma es inválida"]})
    assert error_of(shop.post(body)) == (422, {"acceptance_token": ["El token de aceptación ya fue usado"]})
    right = body | shop.acceptance()
    assert right["signature"] == sign(right, INTEGRITY_SECRET)
    assert shop.post(right).status_code == 201


def test_signature_is_required(shop: Shop) -> None:
    body = {name: value for name, value in shop.body().items() if name != "signature"}
    assert error_of(shop.post(body)) == (422, {"signature": ["Firma de integridad requerida no enviada"]})


def test_a_reference_is_used_once_even_when_declined(shop: Shop) -> None:
    declined = shop.pay(pse("2"))
    eventually(lambda: shop.get(declined["id"])["status"] == "DECLINED")
    again = shop.post(shop.body(reference=declined["reference"]))
    assert error_of(again) == (422, {"reference": ["La referencia ya ha sido usada"]})


def test_a_card_token_is_used_once(shop: Shop) -> None:
    card = shop.card()
    shop.pay(card)
    assert error_of(shop.post(shop.body(card))) == (422, {"payment_method": {"token": ["El token es inválido"]}})


@pytest.mark.parametrize(
    ("method", "status", "message"),
    [
        ("4242424242424242", "APPROVED", None),
        ("4111111111111111", "DECLINED", "La transacción fue rechazada (Sandbox)"),
        ("5555555555554444", "ERROR", "Transacción con ERROR en Sandbox"),
        (NEQUI, "APPROVED", None),
        (NEQUI | {"phone_number": "3992222222"}, "DECLINED", "La transacción fue rechazada (Sandbox)"),
        (NEQUI | {"phone_number": "3001112233"}, "ERROR", "Transacción con ERROR en Sandbox"),
        (pse("1"), "APPROVED", None),
        (pse("2"), "DECLINED", "Transacción RECHAZADA en Sandbox"),
        (pse("3"), "ERROR", "Transacción con ERROR en Sandbox"),
    ],
)
def test_magic_numbers(shop: Shop, method: Any, status: str, message: str | None) -> None:
    created = shop.pay(shop.card(method) if isinstance(method, str) else method)
    assert created["status"] == "PENDING"
    settled = eventually(lambda: (found := shop.get(created["id"]))["status"] != "PENDING" and found)
    assert (settled["status"], settled["status_message"]) == (status, message)
    assert settled["finalized_at"] is not None


def test_lists_and_reads_by_private_key_only(shop: Shop, sandbox: RunningSandbox) -> None:
    first, second = shop.pay(), shop.pay()
    assert [found["id"] for found in shop.by_reference(first["reference"])] == [first["id"]]
    assert shop.by_reference("nobody") == []
    page = shop.http.get("transactions", params={"page": 1, "page_size": 1}).json()
    assert [found["id"] for found in page["data"]] == [second["id"]]
    assert page["meta"] == {"page": 1, "page_size": 1, "total_pages": 2, "total_results": 2}
    address = f"transactions/{first['id']}"

    def read(path: str, key: str) -> httpx.Response:
        return shop.http.get(path, headers={"Authorization": f"Bearer {key}" if key else ""})

    nothing = (404, "La entidad solicitada no existe")
    assert error_of(read(address, "")) == nothing
    assert error_of(read(address, PUBLIC_KEY)) == nothing
    assert error_of(read(address, "prv_test_other")) == (403, "El token no tiene suficientes permisos")
    assert error_of(shop.http.get("transactions/1-2-3")) == nothing
    assert error_of(read("transactions", PUBLIC_KEY)) == (401, "Llave no válida")


def test_void_of_an_approved_card(shop: Shop, sandbox: RunningSandbox) -> None:
    paid = shop.pay(shop.card())
    eventually(lambda: shop.get(paid["id"])["status"] == "APPROVED")
    response = shop.http.post(f"transactions/{paid['id']}/void", json={"amount_in_cents": paid["amount_in_cents"]})
    assert response.status_code == 201
    assert response.json()["data"]["status"] == "APPROVED"
    assert response.json()["data"]["transaction"]["status"] == "APPROVED"
    eventually(lambda: shop.get(paid["id"])["status"] == "VOIDED")
    assert [event["status"] for event in sandbox.events(paid["reference"])] == ["VOIDED", "APPROVED"]
    refused = (422, "La transacción no puede ser anulada")
    assert error_of(shop.http.post(f"transactions/{paid['id']}/void")) == refused
    assert error_of(shop.http.post(f"transactions/{shop.pay()['id']}/void")) == refused
    assert shop.http.post("transactions/1-2-3/void").status_code == 404
