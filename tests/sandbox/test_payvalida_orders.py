import asyncio
from typing import Any

import httpx
import pytest

from .payvalida_shop import PayvalidaShop, day, sha512
from .running import RunningSandbox


def test_an_order_as_documented(payvalida: PayvalidaShop) -> None:
    body = payvalida.body()
    answer = payvalida.post(body)
    data = answer["DATA"]
    assert (answer["CODE"], answer["DESC"]) == ("0000", "OK")
    assert (data["OrdenID"], data["Monto"], data["Operacion"]) == (body["order"], "150000.0", "CREADA")
    assert data["Referencia"].isdigit()
    assert "://" not in data["checkout"]
    assert httpx.get(f"http://{data['checkout']}").status_code == 200
    found = payvalida.ask(body["order"])["DATA"]
    assert (found["ORDER"], found["STATE"], found["AMOUNT"]) == (body["order"], "PENDIENTE", "150000.00")
    assert (found["CURRENCY"], found["REFERENCE"], str(found["CODE"])) == ("COP", data["Referencia"], data["PVordenID"])
    assert 72 <= int(found["LIFE_TIME"].removesuffix("h")) < 96


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"merchant": "other"}, "0017"),
        ({"merchant": ...}, "0017"),
        ({"country": 57}, "0022"),
        ({"country": "343"}, "0022"),
        ({"money": "USD"}, "0023"),
        ({"amount": 150000}, "0021"),
        ({"amount": "150000.50"}, "0021"),
        ({"amount": "-1"}, "0021"),
        ({"amount": ...}, "0021"),
        ({"method": "pse"}, "0027"),
        ({"description": ""}, "0029"),
        ({"description": ...}, "0029"),
        ({"description": "Pedido #1"}, "0011"),
        ({"email": "nobody"}, "0011"),
        ({"email": ...}, "0011"),
        ({"order": "MKT_1"}, "0011"),
        ({"order": "MKT-1"}, "0011"),
        ({"order": ...}, "0011"),
        ({"recurrent": True}, "0011"),
        ({"recurrent": ...}, "0011"),
        ({"reference": "A1"}, "0011"),
        ({"reference": "1" * 26}, "0011"),
        ({"user_name": "A" * 26}, "0011"),
        ({"user_type_di": "PASS"}, "0011"),
        ({"surprise": "1"}, "0011"),
        ({"expiration": "2026-11-27"}, "0031"),
        ({"expiration": "31/02/2027"}, "0031"),
        ({"expiration": ...}, "0031"),
        ({"expiration": day(-1)}, "0032"),
        ({"expiration": day(31)}, "0024"),
        ({"checksum": "0" * 128}, "0025"),
        ({"checksum": ...}, "0025"),
        ({"checksum": None}, "0025"),
    ],
)
def test_what_payvalida_refuses(payvalida: PayvalidaShop, changes: dict[str, Any], code: str) -> None:
    body = payvalida.body(**changes)
    if changes.get("checksum", 0) is ...:
        del body["checksum"]
    answer = payvalida.post(body)
    assert answer["CODE"] == code
    assert answer["DESC"]
    assert payvalida.orders() == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"order": "\\ud800"}', b"[" * 100_000])
def test_what_is_no_object_is_refused(payvalida: PayvalidaShop, raw: bytes) -> None:
    assert payvalida.http.post("/api/v3/porders", content=raw).json()["CODE"] == "0011"


def test_the_amount_is_in_the_checksum_of_an_order(payvalida: PayvalidaShop) -> None:
    assert payvalida.post(payvalida.body() | {"amount": "1500000"})["CODE"] == "0025"


def test_a_checksum_in_capitals_is_one_too(payvalida: PayvalidaShop) -> None:
    body = payvalida.body()
    assert payvalida.post(body | {"checksum": body["checksum"].upper()})["CODE"] == "0000"


def test_a_number_is_used_once_for_ever(payvalida: PayvalidaShop) -> None:
    body = payvalida.body()
    assert payvalida.post(body)["CODE"] == "0000"
    assert payvalida.post(body)["CODE"] == "0042"
    assert payvalida.ask(body["order"], "DELETE")["DATA"]["Operation"] == "DELETED"
    assert payvalida.state(body["order"]) == "CANCELADA"
    assert payvalida.post(body)["CODE"] == "0042"
    assert payvalida.notifications() == []


def test_a_code_is_one_active_orders(payvalida: PayvalidaShop) -> None:
    first = payvalida.create(reference="12345")
    assert payvalida.post(payvalida.body(reference="12345"))["CODE"] == "0043"
    payvalida.ask(first["OrdenID"], "DELETE")
    assert payvalida.create(reference="12345")["Referencia"] == "12345"


async def test_of_many_at_once_one_is_made(payvalida: PayvalidaShop) -> None:
    body = payvalida.body()
    async with httpx.AsyncClient(trust_env=False) as http:
        answers = await asyncio.gather(*(http.post(f"{payvalida.base}/api/v3/porders", json=body) for _ in range(20)))
    assert sorted(answer.json()["CODE"] for answer in answers) == ["0000"] + ["0042"] * 19


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_only_the_merchant_may_ask(payvalida: PayvalidaShop, method: str) -> None:
    order = payvalida.create()["OrdenID"]
    assert payvalida.ask(order, method, merchant="other")["CODE"] == "0017"
    assert payvalida.ask(order, method, checksum=sha512(order, "mestore", "guessed"))["CODE"] == "0025"
    assert payvalida.ask("MKT0", method)["CODE"] == "0041"
    assert payvalida.state(order) == "PENDIENTE"


def test_an_update_changes_what_is_pending(payvalida: PayvalidaShop) -> None:
    body = payvalida.body()
    payvalida.post(body)
    changed = payvalida.body(order=body["order"], amount="99000")
    assert payvalida.post(changed, "PATCH")["DATA"]["Monto"] == "99000.0"
    assert payvalida.ask(body["order"])["DATA"]["AMOUNT"] == "99000.00"
    payvalida.ask(body["order"], "DELETE")
    assert payvalida.post(changed, "PATCH")["CODE"] == "0041"
    assert payvalida.post(payvalida.body(), "PATCH")["CODE"] == "0041"


def test_an_order_ends_with_its_day_and_says_so(payvalida: PayvalidaShop) -> None:
    order = payvalida.create(expiration=day(1))["OrdenID"]
    assert payvalida.state(order) == "PENDIENTE"
    payvalida.control("advance_clock", seconds=2 * 86_400)
    assert payvalida.state(order) == "VENCIDA"
    assert '"status": "cancelled"' in payvalida.notifications(order)[0]["body"]
    assert payvalida.ask(order, "DELETE")["CODE"] == "0041"


def test_a_kill_forgets_no_order(payvalida: PayvalidaShop, sandbox: RunningSandbox) -> None:
    order = payvalida.create()["OrdenID"]
    sandbox.kill()
    sandbox.start()
    assert payvalida.state(order) == "PENDIENTE"
