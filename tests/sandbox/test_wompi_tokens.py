from typing import Any

import httpx
import jwt
import pytest

from .running import RunningSandbox
from .shop import PRIVATE_KEY, PUBLIC_KEY, Shop

CARD = {"number": "4242424242424242", "cvc": "123", "exp_month": "08", "exp_year": "39", "card_holder": "ANA RUIZ"}


def error_of(response: httpx.Response) -> tuple[int, Any]:
    error = response.json()["error"]
    return response.status_code, error.get("messages") or error["reason"]


def test_merchant_gives_a_new_pair_of_jwts_on_each_call(shop: Shop) -> None:
    first, second = shop.acceptance(), shop.acceptance()
    assert len({*first.values(), *second.values()}) == 4
    claims = jwt.decode(first["acceptance_token"], options={"verify_signature": False})
    assert claims["permalink"].startswith("http://")


def test_merchant_by_the_old_address(shop: Shop) -> None:
    merchant = shop.http.get(f"merchants/{PUBLIC_KEY}").json()["data"]
    assert merchant["accepted_currencies"] == ["COP"]
    assert merchant["presigned_personal_data_auth"]["type"] == "PERSONAL_DATA_AUTH"


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [
        ("pub_test_other", 404, "La entidad solicitada no existe"),
        (
            "pub_prod_mestore",
            401,
            "La llave proporcionada no corresponde a este ambiente, se recibió: pub_prod_mestore",
        ),
        (PRIVATE_KEY, 422, {"public_key": ["Formato inválido"]}),
        ("", 401, "Se esperaba una llave pública o privada pero no se recibió ninguna"),
    ],
)
def test_merchant_refuses_other_keys(shop: Shop, key: str, status: int, said: Any) -> None:
    assert error_of(shop.http.get("merchants/info", headers={"x-merchant-public-key": key})) == (status, said)


def post_card(shop: Shop, changes: dict[str, Any], key: str = PUBLIC_KEY) -> httpx.Response:
    return shop.http.post("tokens/cards", json=CARD | changes, headers={"Authorization": f"Bearer {key}"})


def test_card_token_keeps_no_card_number(shop: Shop, sandbox: RunningSandbox) -> None:
    codes = ("9173", "8264", "7395")
    for code in codes:
        response = post_card(shop, {"number": "5555555555554444", "cvc": code})
        assert response.status_code == 201
    token = response.json()["data"]
    assert token["id"].startswith("tok_test_")
    assert (token["brand"], token["name"], token["last_four"]) == ("MASTERCARD", "MASTERCARD-4444", "4444")
    kept = b"".join(path.read_bytes() for path in sandbox.data_dir.glob("sandbox.*"))
    assert token["id"].encode() in kept
    assert b"5555555555554444" not in kept
    assert b"cvc" not in kept
    # One of them may stand in an id by chance; what is kept of cards would hold them all.
    assert not all(code.encode() in kept for code in codes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "4242 4242 4242 4242"}, {"number": ['debe coincidir con el patron "^\\d{12,19}$"']}),
        ({"number": "4242424242424241"}, {"number": ["El número de tarjeta es inválido. Luhn check falló."]}),
        ({"cvc": "12"}, {"cvc": ['debe coincidir con el patron "^\\d{3,4}$"']}),
        ({"exp_month": "13"}, {"exp_month": ['debe coincidir con el patron "^(0[1-9]|1[0-2])$"']}),
        ({"exp_year": "2039"}, {"exp_year": ['debe coincidir con el patron "^\\d{2}$"']}),
        ({"exp_year": "19"}, {"exp_year": ["La tarjeta está vencida"]}),
        ({"card_holder": "ANA"}, {"card_holder": ["no debe contener menos de 5 caracteres"]}),
    ],
)
def test_card_form(shop: Shop, changes: dict[str, Any], said: Any) -> None:
    assert error_of(post_card(shop, changes)) == (422, said)


def test_card_token_wants_a_known_public_key(shop: Shop) -> None:
    response = post_card(shop, {}, "pub_test_other")
    assert response.status_code == 404
    assert response.json()["error"] == {
        "type": "NOT_FOUND",
        "reason": "Comercio con llave pub_test_other no encontrado",
        "code": "MERCHANT_NOT_FOUND",
    }


def test_banks(shop: Shop) -> None:
    banks = shop.http.get("pse/financial_institutions").json()["data"]
    names = {bank["financial_institution_code"]: bank["financial_institution_name"] for bank in banks}
    assert names["1"] == "Banco que aprueba"
    assert names["2"] == "Banco que declina"
    assert names["3"] == "Banco que simula un error"
    assert "1022" in names
    assert len(names) == 6
    public = shop.http.get("pse/financial_institutions", headers={"Authorization": f"Bearer {PUBLIC_KEY}"})
    assert public.status_code == 200
